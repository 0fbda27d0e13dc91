import { createHash } from 'node:crypto';
import { RookeryError } from '@rookery/observability';
import type { RateDecision, RateLimit } from '@rookery/resilience';
import type { Call, Filter, FilterKind, FilterParts, Verdict } from '../filter.ts';
import { type Limiter, limiterOf, limitOf } from '../rate-limit/limiter.ts';
import { addRateHeaders, limitHeader, policyHeader } from '../rate-limit/rate-headers.ts';
import { API_KEY_NOTE } from '../rate-limit/rate-key.ts';
import { ApiKeySettings } from './settings.ts';

const NOTE = 'api-key.decisions';
const MAX_KEYS = 100_000;
const MS_PER_HOUR = 3_600_000;

interface Limit {
  readonly name: 'rate' | 'quota';
  readonly limit: RateLimit;
  readonly policy: string;
  readonly limiter: Limiter;
}

interface Decided {
  readonly limit: Limit;
  readonly decision: RateDecision;
}

interface Known {
  readonly id: string;
  readonly expiresAtMs: number;
  readonly limits: readonly Limit[];
}

/** Programs that show a key, each within the rate and the quota of its plan. */
class ApiKey implements Filter {
  readonly name = 'api-key';
  readonly #settings: ApiKeySettings;
  readonly #clock: () => number;
  readonly #known: ReadonlyMap<string, Known>;

  constructor(settings: ApiKeySettings, parts: FilterParts) {
    this.#settings = settings;
    this.#clock = parts.clock;
    const plans = new Map(Object.entries(settings.plans).map(([name]) => [name, limitsOf(settings, name, parts)]));
    this.#known = new Map(
      settings.keys.map(({ id, sha256, plan, expires }) => [
        sha256,
        {
          id,
          expiresAtMs: expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires),
          limits: (plan === undefined ? undefined : plans.get(plan)) ?? [],
        },
      ]),
    );
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    const { header, mode } = this.#settings;
    const key = call.header(header);
    if (key === undefined) return mode === 'required' ? keyMissing(header) : undefined;
    // Only the hash is looked up: how long that takes says nothing of the keys that there are.
    const known = this.#known.get(createHash('sha256').update(key).digest('hex'));
    if (!known || this.#clock() >= known.expiresAtMs) return keyRefused();
    call.removeHeader(header);
    call.notes.set(API_KEY_NOTE, known.id);
    return this.#take(call, known, 0, []);
  }

  onResponse(call: Call): void {
    if (call.source === 'gateway' && (call.code === 'API_KEY_MISSING' || call.code === 'API_KEY_REFUSED'))
      call.setResponseHeader('www-authenticate', `ApiKey realm="rookery", header="${this.#settings.header}"`);
    const decisions = call.notes.get(NOTE) as readonly Decided[] | undefined;
    for (const { limit, decision } of decisions ?? [])
      addRateHeaders(call, limit.policy, limitHeader(limit.name, decision));
  }

  state(): Record<string, unknown> {
    return { keys: this.#known.size, plans: this.#settings.plans };
  }

  /** Takes one call of each limit in order, as far as they grant it. */
  #take(call: Call, known: Known, at: number, before: readonly Decided[]): Verdict | Promise<Verdict> {
    const limit = known.limits[at];
    if (!limit) {
      call.notes.set(NOTE, before);
      return undefined;
    }
    const taken = limit.limiter.take(known.id);
    const goOn = (decision: RateDecision): Verdict | Promise<Verdict> => {
      const decided = [...before, { limit, decision }];
      if (decision.allowed) return this.#take(call, known, at + 1, decided);
      call.notes.set(NOTE, decided);
      return usedUp(limit.name, decision.retryAfterMs);
    };
    return taken instanceof Promise ? taken.then(goOn) : goOn(taken);
  }
}

function limitsOf(settings: ApiKeySettings, plan: string, parts: FilterParts): Limit[] {
  const { rate, quota } = settings.plans[plan] ?? {};
  const { scope, deadlineMs } = settings;
  const made = (name: 'rate' | 'quota', limit: RateLimit): Limit => ({
    name,
    limit,
    policy: policyHeader(name, limit),
    limiter: limiterOf(
      {
        name: `api-key:${plan}:${name}:${limit.burst}@${limit.perSecond}`,
        limit,
        scope,
        deadlineMs,
        maxKeys: MAX_KEYS,
      },
      parts,
    ),
  });
  return [
    ...(rate ? [made('rate', limitOf(rate))] : []),
    ...(quota
      ? [made('quota', { perSecond: (quota.calls * 1_000) / (quota.hours * MS_PER_HOUR), burst: quota.calls })]
      : []),
  ];
}

const keyMissing = (header: string): RookeryError =>
  new RookeryError('API_KEY_MISSING', `This needs an API key: send it as the header ${header}.`, { status: 401 });

const keyRefused = (): RookeryError =>
  new RookeryError('API_KEY_REFUSED', 'The API key is not known, or has expired.', { status: 401 });

const usedUp = (name: 'rate' | 'quota', retryAfterMs: number): RookeryError =>
  new RookeryError(
    name === 'rate' ? 'RATE_LIMITED' : 'QUOTA_USED_UP',
    `The ${name} of the plan of this API key is used up.`,
    { status: 429, retryAfterMs },
  );

export const apiKey: FilterKind<ApiKeySettings> = {
  name: 'api-key',
  schema: ApiKeySettings,
  order: 130,
  create: (settings, parts) => new ApiKey(settings, parts),
};
