import { RookeryError } from '@rookery/observability';
import type { RateDecision } from '@rookery/resilience';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';
import { type Limiter, limiterOf, limitOf } from './limiter.ts';
import { limitHeader, policyHeader } from './rate-headers.ts';
import { type RateKey, rateKey } from './rate-key.ts';
import { RateLimitSettings } from './settings.ts';

/** So many calls of one key and no more: 429 with Retry-After beyond. Every answer says what is left. */
class RateLimitFilter implements Filter {
  readonly name = 'rate-limit';
  readonly #limiter: Limiter;
  readonly #keyOf: RateKey;
  readonly #group: string;
  readonly #policy: string;
  readonly #note: string;

  constructor(settings: RateLimitSettings, parts: FilterParts) {
    this.#group = settings.group ?? parts.route.id;
    this.#limiter = limiterOf(settings, this.#group, parts);
    this.#keyOf = rateKey(settings.key);
    this.#policy = policyHeader(this.#group, limitOf(settings));
    this.#note = `rate-limit:${this.#group}:${settings.key}`;
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    const decision = this.#limiter.take(this.#keyOf(call));
    return decision instanceof Promise
      ? decision.then((made) => this.#decided(call, made))
      : this.#decided(call, decision);
  }

  onResponse(call: Call): void {
    const decision = call.notes.get(this.#note) as RateDecision | undefined;
    if (!decision) return;
    append(call, 'ratelimit-policy', this.#policy);
    append(call, 'ratelimit', limitHeader(this.#group, decision));
  }

  #decided(call: Call, decision: RateDecision): Verdict {
    call.notes.set(this.#note, decision);
    if (decision.allowed) return undefined;
    return new RookeryError('RATE_LIMITED', 'Too many requests: the rate that is granted here is used up.', {
      status: 429,
      retryAfterMs: decision.retryAfterMs,
    });
  }
}

/** Several limits of one route stand in one header. */
function append(call: Call, name: string, value: string): void {
  const before = call.responseHeader(name);
  call.setResponseHeader(name, before === undefined ? value : `${before}, ${value}`);
}

export const rateLimit: FilterKind<RateLimitSettings> = {
  name: 'rate-limit',
  schema: RateLimitSettings,
  order: 210,
  create: (settings, parts) => new RateLimitFilter(settings, parts),
};
