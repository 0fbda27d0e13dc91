import { RookeryError } from '@rookery/observability';
import type { RateDecision } from '@rookery/resilience';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';
import { type Limiter, limiterOf, limitOf } from './limiter.ts';
import { addRateHeaders, limitHeader, policyHeader } from './rate-headers.ts';
import { type RateKey, rateKey } from './rate-key.ts';
import { IpRateLimitSettings, RateLimitSettings } from './settings.ts';

/** So many calls of one key and no more: 429 with Retry-After beyond. Every answer says what is left. */
class RateLimitFilter implements Filter {
  readonly name: string;
  readonly #limiter: Limiter;
  readonly #keyOf: RateKey;
  readonly #group: string;
  readonly #policy: string;
  readonly #note: string;

  constructor(settings: Omit<RateLimitSettings, 'name'> & { name: string }, parts: FilterParts) {
    this.name = settings.name;
    this.#group = settings.group ?? parts.route.id;
    // Several limits of one route, by the same key or not, count each for itself.
    const { perSecond, burst } = limitOf(settings);
    const name = `${this.name}:${this.#group}:${settings.key}:${burst}@${perSecond}`;
    this.#limiter = limiterOf({ ...settings, limit: limitOf(settings), name }, parts);
    this.#keyOf = rateKey(settings.key);
    this.#policy = policyHeader(this.#group, limitOf(settings));
    this.#note = `rate-limit:${name}`;
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
    addRateHeaders(call, this.#policy, limitHeader(this.#group, decision));
  }

  state(): Record<string, unknown> {
    return { group: this.#group, limit: this.#policy };
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

export const rateLimit: FilterKind<RateLimitSettings> = {
  name: 'rate-limit',
  schema: RateLimitSettings,
  order: 210,
  create: (settings, parts) => new RateLimitFilter(settings, parts),
};

/** By address, before a token or key is looked at: who sends forged ones by the thousand does not get to have them verified. */
export const ipRateLimit: FilterKind<IpRateLimitSettings> = {
  name: 'ip-rate-limit',
  schema: IpRateLimitSettings,
  order: 110,
  create: (settings, parts) =>
    new RateLimitFilter({ ...settings, key: 'ip', group: `${settings.group ?? parts.route.id}-ip` }, parts),
};
