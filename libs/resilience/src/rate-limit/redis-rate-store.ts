/**
 * Redis 6 and later (and what speaks like it), through @redis/client, the official client. A key is one number under
 * `rookery:rate:<name>:<key>`, the time in microseconds at which it owes nothing any more; it is gone by itself then. One
 * script compares and adds by the clock of Redis, so the clocks of its callers do not matter. While Redis is away each call
 * fails at once instead of queueing; the client comes back by itself.
 */
import { createClient, defineScript } from '@redis/client';
import { rateStoreAway } from '../errors.ts';
import type { RateStore } from './cluster-rate-limiter.ts';
import { costOf, type RateLimit } from './gcra.ts';

const KEY_PREFIX = 'rookery:rate:';
const LONGEST_PAUSE_MS = 1_000;

/** KEYS: the key. ARGV: microseconds that a call costs, and that can be owed at most. Answers {allowed, owed}. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, most = tonumber(ARGV[1]), tonumber(ARGV[2])
local owed = math.min(math.max(0, tonumber(redis.call('GET', KEYS[1]) or now) - now), most)
local allowed = owed + interval <= most + 1
if allowed then owed = owed + interval end
redis.call('SET', KEYS[1], string.format('%.1f', now + owed), 'PX', math.ceil(owed / 1000))
return {allowed and 1 or 0, math.ceil(owed)}`;

const take = defineScript({
  SCRIPT: TAKE,
  NUMBER_OF_KEYS: 1,
  parseCommand(parser, key: string, intervalUs: number, mostUs: number) {
    parser.pushKey(key);
    parser.push(String(intervalUs), String(mostUs));
  },
  transformReply: ([allowed, owedUs]: [number, number]) => ({ allowed: allowed === 1, owedMs: owedUs / 1_000 }),
});

const clientFor = (url: string, deadlineMs: number) =>
  createClient({
    url,
    scripts: { take },
    disableOfflineQueue: true,
    socket: {
      connectTimeout: Math.max(deadlineMs, 500),
      reconnectStrategy: (tries) => Math.min(25 * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS),
    },
  });

export class RedisRateStore implements RateStore {
  readonly #client: ReturnType<typeof clientFor>;
  readonly #deadlineMs: number;
  #closed = false;

  /** Connects in the background: until then, and whenever Redis is away, calls fail. */
  constructor(url: string, deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
    this.#client = clientFor(url, deadlineMs);
    // Each call that fails says so; the client connects again by itself.
    this.#client.on('error', () => {});
    this.#client.connect().catch(() => {});
  }

  async take(key: string, limit: RateLimit): Promise<{ allowed: boolean; owedMs: number }> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer in ${this.#deadlineMs} ms`)), this.#deadlineMs);
    const { intervalMs, mostMs } = costOf(limit);
    const asked = this.#client.take(KEY_PREFIX + key, intervalMs * 1_000, mostMs * 1_000);
    try {
      return await Promise.race([asked, promise]);
    } catch (cause) {
      asked.catch(() => {});
      throw rateStoreAway(cause);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.destroy();
  }
}
