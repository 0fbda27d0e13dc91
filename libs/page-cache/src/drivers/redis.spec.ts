import { freePorts, startOwnRedis } from '@rookery/servers';
import { afterAll, expect, it } from 'vitest';
import { createPageCache } from '../create-page-cache.ts';
import { pageCacheContract } from '../testing/contract.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

pageCacheContract('Redis', redis && { url: redis.url, kill: redis.kill, start: redis.start, shared: true });

it('names CACHE_URL in one sentence when nothing answers', async () => {
  const [port] = await freePorts(1);
  const creating = createPageCache(`redis://user:secret@127.0.0.1:${port}`, { waitMs: 300 });
  await expect(creating).rejects.toMatchObject({ code: 'PAGE_CACHE_UNREACHABLE', status: 503 });
  await expect(creating).rejects.toThrow(
    /^The page cache at 127.0.0.1:\d+ \(CACHE_URL\) did not answer within 0.3 s: .*ECONNREFUSED.*\.$/,
  );
});

it.skipIf(!redis)('says what is wrong with a database that Redis does not have', async () => {
  await expect(createPageCache(`${redis?.url}/99`)).rejects.toThrow(/^CACHE_URL is refused by Redis .*expected redis:/);
});

it.each(['redis', 'memcached://127.0.0.1'])('refuses %s in one sentence', async (url) => {
  await expect(createPageCache(url)).rejects.toThrow(
    /^CACHE_URL (is not a URL|has the scheme memcached:\/\/); expected redis:/,
  );
});
