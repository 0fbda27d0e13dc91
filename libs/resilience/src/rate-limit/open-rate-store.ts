import { rateStoreUrlWrong } from '../errors.ts';
import type { RateStore } from './cluster-rate-limiter.ts';

export interface RateStoreOptions {
  /** One call; 50 when not given. */
  deadlineMs?: number;
}

const REDIS = new Set(['redis:', 'rediss:']);

/** The store that a URL names; does not wait for it, since limits hold without it too. */
export async function openRateStore(url: string, { deadlineMs = 50 }: RateStoreOptions = {}): Promise<RateStore> {
  if (!URL.canParse(url) || !REDIS.has(new URL(url).protocol)) throw rateStoreUrlWrong();
  const { RedisRateStore } = await import('./redis-rate-store.ts');
  return new RedisRateStore(url, deadlineMs);
}
