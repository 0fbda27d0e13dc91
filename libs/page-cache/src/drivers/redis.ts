/**
 * Redis 6 and later (and what speaks like it), through @redis/client, the official client. An entry is a hash with the
 * fields `version` and `value` under `rookery:pages:<key>`, so that others (nginx) read it with one HMGET; a script
 * compares and stores in one step. Bound its memory with `maxmemory` and `maxmemory-policy allkeys-lru`. While Redis is
 * away each call fails at once instead of queueing; the client comes back by itself.
 */
import { createClient } from '@redis/client';
import { RookeryError } from '@rookery/observability';
import { assertEntry } from '../entry.ts';
import { errors } from '../errors.ts';
import { type Entry, PageCache, type PageCacheLimits } from '../page-cache.ts';

/** Before each key; nginx reads under the same. */
export const KEY_PREFIX = 'rookery:pages:';

const LONGEST_PAUSE_MS = 1_000;

const PUT_IF_NEWER = `
local held = redis.call('HGET', KEYS[1], 'version')
if held and tonumber(held) >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'value', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

const clientFor = (url: URL, { timeoutMs }: PageCacheLimits) =>
  createClient({
    url: url.href,
    disableOfflineQueue: true,
    socket: {
      connectTimeout: timeoutMs,
      reconnectStrategy: (tries) => Math.min(25 * 2 ** Math.min(tries, 10), LONGEST_PAUSE_MS),
    },
  });

export class RedisPageCache extends PageCache {
  #closed = false;

  constructor(
    private readonly client: ReturnType<typeof clientFor>,
    private readonly limits: PageCacheLimits,
  ) {
    super();
  }

  async get(key: string): Promise<Entry | undefined> {
    const [version, value] = await this.#ask(() => this.client.hmGet(KEY_PREFIX + key, ['version', 'value']));
    return typeof version === 'string' && typeof value === 'string' ? { version: Number(version), value } : undefined;
  }

  async putIfNewer(key: string, entry: Entry): Promise<boolean> {
    assertEntry(key, entry, this.limits);
    const args = [String(entry.version), entry.value, String(this.limits.ttlMs)];
    const stored = await this.#ask(() => this.client.eval(PUT_IF_NEWER, { keys: [KEY_PREFIX + key], arguments: args }));
    return stored === 1;
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => this.client.del(KEY_PREFIX + key));
  }

  async ping(): Promise<void> {
    await this.#ask(() => this.client.ping());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.client.destroy();
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw errors.closed();
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`no answer in ${this.limits.timeoutMs} ms`)),
      this.limits.timeoutMs,
    );
    const asked = work();
    try {
      return await Promise.race([asked, promise]);
    } catch (error) {
      asked.catch(() => {});
      throw error instanceof RookeryError ? error : errors.unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Connects once: fails when Redis does not answer within the deadline. */
export async function connectRedis(url: URL, limits: PageCacheLimits): Promise<PageCache> {
  const client = clientFor(url, limits);
  const { promise, reject } = Promise.withResolvers<never>();
  client.on('error', reject);
  const timer = setTimeout(() => reject(new Error(`no answer in ${limits.timeoutMs} ms`)), limits.timeoutMs);
  try {
    const connected = client.connect();
    connected.catch(() => {});
    await Promise.race([connected, promise]);
    return new RedisPageCache(client, limits);
  } catch (error) {
    client.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}
