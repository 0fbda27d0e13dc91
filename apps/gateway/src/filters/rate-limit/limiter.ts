import {
  ClusterRateLimiter,
  LocalRateLimiter,
  openRateStore,
  type RateDecision,
  type RateLimit,
  type RateStore,
  WatchedRateStore,
} from '@rookery/resilience';
import { workerCount } from '../../workers/worker-count.ts';
import type { FilterParts } from '../filter.ts';
import type { RateLimitSettings } from './settings.ts';

/** What counts the calls of a key. */
export interface Limiter {
  take(key: string): RateDecision | Promise<RateDecision>;
}

export const limitOf = ({ perSecond, burst }: Pick<RateLimitSettings, 'perSecond' | 'burst'>): RateLimit => ({
  perSecond,
  burst: burst ?? Math.max(1, perSecond),
});

export interface LimiterSettings extends Pick<RateLimitSettings, 'scope' | 'maxKeys' | 'deadlineMs'> {
  readonly limit: RateLimit;
  /** Limiters of one name and the same settings are one. */
  readonly name: string;
}

/** The limiter of that name; it outlives a change of the routes that leaves its settings as they were. */
export function limiterOf({ name, limit, scope, maxKeys, deadlineMs }: LimiterSettings, parts: FilterParts): Limiter {
  const { shared, environment, clock, logger } = parts;
  const url = scope === 'cluster' ? environment.GATEWAY_REDIS_URL || environment.CACHE_URL : undefined;
  const id = JSON.stringify([name, limit, scope, maxKeys, deadlineMs, url]);
  if (url) {
    const store = shared.of(
      `rate-store:${deadlineMs}:${url}`,
      () => new WatchedRateStore(new OpeningStore(openRateStore(url, { deadlineMs })), logger),
    );
    return shared.of(`rate-limit:${id}`, () =>
      closable(new ClusterRateLimiter(limit, store, { name, instances: processes(parts), maxKeys, clock })),
    );
  }
  return shared.of(`rate-limit:${id}`, () => closable(new LocalRateLimiter(limit, { maxKeys, clock })));
}

const closable = <T extends object>(limiter: T) => Object.assign(limiter, { close: () => {} });

/** How many processes share a limit: the gateways that the registry names, each with its workers. */
function processes({ targets, environment }: FilterParts): () => number {
  const workers = workerCount({ GATEWAY_WORKERS: environment.GATEWAY_WORKERS });
  return () => workers * Math.max(1, targets.of('gateway')?.instances.length ?? 1);
}

/** A store whose client is still being loaded. */
class OpeningStore implements RateStore {
  readonly #opening: Promise<RateStore>;

  constructor(opening: Promise<RateStore>) {
    this.#opening = opening;
    opening.catch(() => {});
  }

  async take(key: string, limit: RateLimit): Promise<{ allowed: boolean; owedMs: number }> {
    return (await this.#opening).take(key, limit);
  }

  async close(): Promise<void> {
    await this.#opening.then(
      (store) => store.close(),
      () => {},
    );
  }
}
