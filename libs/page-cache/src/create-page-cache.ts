import { setTimeout as pause } from 'node:timers/promises';
import { reportWaiting } from '@rookery/observability';
import { errors, reasonOf } from './errors.ts';
import type { PageCache, PageCacheLimits } from './page-cache.ts';

export interface PageCacheOptions extends Partial<PageCacheLimits> {
  /** Give up connecting after this, in ms; 60000. */
  waitMs?: number;
}

const LIMITS: PageCacheLimits = { ttlMs: 600_000, maxValueBytes: 1024 * 1024, maxEntries: 20_000, timeoutMs: 500 };
const REDIS = new Set(['redis:', 'rediss:']);

/** The cache that the URL names: in the process when there is none; waits for Redis like the other engines. */
export async function createPageCache(
  value: string | undefined = process.env.CACHE_URL,
  { waitMs = 60_000, ...given }: PageCacheOptions = {},
): Promise<PageCache> {
  const limits = { ...LIMITS, ...given };
  if (!value) return new (await import('./drivers/memory.ts')).MemoryPageCache(limits);
  const url = parse(value);
  const connect = await redisDriver();
  const endsAtMs = Date.now() + waitMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(2 * pauseMs, 2_000)) {
    try {
      return await connect(url, { ...limits, timeoutMs: Math.min(limits.timeoutMs, waitMs) });
    } catch (error) {
      if (!mends(error)) throw errors.urlInvalid(`is refused by Redis (${reasonOf(error)})`);
      if (Date.now() + pauseMs >= endsAtMs) throw errors.notThere(url, waitMs, error);
      reportWaiting('page cache', reasonOf(error));
      await pause(pauseMs);
    }
  }
}

/** Waiting does not mend a wrong password or database. */
const mends = (error: unknown): boolean => !/^(WRONGPASS|NOAUTH|NOPERM|ERR )/.test(reasonOf(error));

function parse(value: string): URL {
  if (!URL.canParse(value)) throw errors.urlInvalid('is not a URL');
  const url = new URL(value);
  if (!REDIS.has(url.protocol)) throw errors.urlInvalid(`has the scheme ${url.protocol}//`);
  return url;
}

async function redisDriver() {
  try {
    return (await import('./drivers/redis.ts')).connectRedis;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw errors.urlInvalid('has the scheme redis://, whose client package @redis/client is not installed');
  }
}
