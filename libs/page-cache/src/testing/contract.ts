import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPageCache } from '../create-page-cache.ts';
import type { PageCache } from '../page-cache.ts';

/** The engine that a driver's suite runs on. */
export interface Engine {
  /** CACHE_URL; undefined is the cache in the process. */
  url: string | undefined;
  /** Ends it and starts it again empty; without it the case is skipped by name. */
  kill?: () => Promise<void>;
  start?: () => Promise<void>;
  /** Whether two caches on one URL see the same entries. */
  shared: boolean;
}

/** What every driver keeps. One call is one suite. */
export function pageCacheContract(name: string, engine: Engine | undefined): void {
  describe.skipIf(!engine)(`page cache on ${name}`, () => {
    let cache: PageCache;
    const ifIt = (can: boolean, capability: string, title: string, test: () => Promise<void>) =>
      can ? it(title, test) : it.skip(`${title} (cannot: ${capability})`, test);
    const open = (options = {}) => createPageCache(engine?.url ?? '', { waitMs: 5_000, ...options });
    const key = () => `suite/${randomUUID()}`;

    beforeAll(async () => {
      cache = await open();
    });
    afterAll(() => cache?.close());

    it('gives back what was put, to the last character', async () => {
      const film = key();
      const entry = { version: 7, value: '{"title":"Amélie <b>\\u0000 七武士 🚀"}\r\n' };
      expect(await cache.get(film)).toBeUndefined();
      expect(await cache.putIfNewer(film, entry)).toBe(true);
      expect(await cache.get(film)).toEqual(entry);
      await cache.ping();
    });

    it('never goes back to an older version, nor replaces the same one', async () => {
      const film = key();
      expect(await cache.putIfNewer(film, { version: 10, value: 'ten' })).toBe(true);
      expect(await cache.putIfNewer(film, { version: 9, value: 'nine' })).toBe(false);
      expect(await cache.putIfNewer(film, { version: 10, value: 'another ten' })).toBe(false);
      expect(await cache.get(film)).toEqual({ version: 10, value: 'ten' });
      const largest = { version: Number.MAX_SAFE_INTEGER, value: 'last' };
      expect(await cache.putIfNewer(film, { ...largest, version: largest.version - 1 })).toBe(true);
      expect(await cache.putIfNewer(film, largest)).toBe(true);
      expect(await cache.get(film)).toEqual(largest);
    });

    it('ends at the highest version, in whatever order many come at once', async () => {
      const film = key();
      const versions = Array.from({ length: 200 }, (_, index) => (index * 73) % 200);
      await Promise.all(versions.map((version) => cache.putIfNewer(film, { version, value: `v${version}` })));
      expect(await cache.get(film)).toEqual({ version: 199, value: 'v199' });
    });

    it('forgets a deleted key, its version included', async () => {
      const film = key();
      await cache.putIfNewer(film, { version: 5, value: 'five' });
      await cache.delete(film);
      expect(await cache.get(film)).toBeUndefined();
      expect(await cache.putIfNewer(film, { version: 1, value: 'one' })).toBe(true);
    });

    it('forgets an entry when its time is over', async () => {
      const brief = await open({ ttlMs: 20 });
      const film = key();
      await brief.putIfNewer(film, { version: 1, value: 'one' });
      await expect.poll(() => brief.get(film), { interval: 5 }).toBeUndefined();
      await brief.close();
    });

    it('refuses a value above its limit and a version that is no whole number', async () => {
      const small = await open({ maxValueBytes: 4 });
      const film = key();
      await expect(small.putIfNewer(film, { version: 1, value: 'äää' })).rejects.toMatchObject({
        code: 'PAGE_CACHE_TOO_LARGE',
      });
      for (const version of [-1, 1.5, Number.NaN, 2 ** 60]) {
        await expect(small.putIfNewer(film, { version, value: '' })).rejects.toMatchObject({
          code: 'PAGE_CACHE_VERSION_INVALID',
        });
      }
      expect(await small.get(film)).toBeUndefined();
      await small.close();
    });

    ifIt(engine?.shared ?? true, 'share', 'is one cache for all processes on the URL', async () => {
      const other = await open();
      const film = key();
      await cache.putIfNewer(film, { version: 2, value: 'two' });
      expect(await other.putIfNewer(film, { version: 1, value: 'one' })).toBe(false);
      expect(await other.get(film)).toEqual({ version: 2, value: 'two' });
      await other.close();
    });

    it('says so when it was closed', async () => {
      const closed = await open();
      await closed.close();
      await closed.close();
      await expect(closed.get('x')).rejects.toMatchObject({ code: 'PAGE_CACHE_CLOSED' });
    });

    const isServer = engine === undefined || engine.kill !== undefined;
    ifIt(isServer, 'restart', 'fails at once while the engine is away, and comes back by itself', async () => {
      await engine?.kill?.();
      const startedAtMs = Date.now();
      await expect(cache.get('x')).rejects.toMatchObject({ code: 'PAGE_CACHE_UNREACHABLE', status: 503 });
      await expect(cache.get('x')).rejects.toThrow('CACHE_URL');
      expect(Date.now() - startedAtMs).toBeLessThan(1_500);
      await engine?.start?.();
      await expect
        .poll(
          () =>
            cache.ping().then(
              () => 'up',
              () => 'down',
            ),
          { timeout: 5_000, interval: 20 },
        )
        .toBe('up');
    });
  });
}
