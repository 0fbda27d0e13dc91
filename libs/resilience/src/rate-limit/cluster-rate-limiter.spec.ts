import { createClient } from '@redis/client';
import { startOwnRedis } from '@rookery/servers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ClusterRateLimiter, type ClusterRateLimiterOptions } from './cluster-rate-limiter.ts';
import { openRateStore } from './open-rate-store.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

it.each(['redis', 'http://127.0.0.1'])('refuses %s in one sentence', async (url) => {
  await expect(openRateStore(url)).rejects.toMatchObject({ code: 'RATE_STORE_URL_INVALID' });
});

describe.skipIf(!redis)('a limit over all processes, on Redis', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** One process of several: its own connection. */
  const process = async (
    limit: { perSecond: number; burst: number },
    options: Partial<ClusterRateLimiterOptions> = {},
  ) => {
    const store = await openRateStore(redis?.url ?? '', { deadlineMs: 1_000 });
    closing.push(() => store.close());
    const limiter = new ClusterRateLimiter(limit, store, { name: 'spec', ...options });
    return { store, limiter };
  };

  const connected = async (limiter: ClusterRateLimiter) => {
    const endMs = performance.now() + 10_000;
    while ((await limiter.take(`probe-${Math.random()}`)).by !== 'cluster')
      if (performance.now() > endMs) throw new Error('waited 10 s in vain for Redis');
      else await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('three processes at once give out one burst, and tell what is left', async () => {
    const processes = await Promise.all([1, 2, 3].map(() => process({ perSecond: 0.001, burst: 20 })));
    for (const { limiter } of processes) await connected(limiter);
    const decisions = await Promise.all(
      processes.flatMap(({ limiter }) => Array.from({ length: 30 }, async () => limiter.take('ada'))),
    );
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(20);
    const left = decisions.filter(({ allowed }) => allowed).map(({ remaining }) => remaining);
    expect(left.sort((a, b) => a - b)).toEqual([...new Array(20).keys()]);
    for (const { allowed, retryAfterMs, by } of decisions) {
      expect(by).toBe('cluster');
      if (!allowed) expect(retryAfterMs).toBeGreaterThan(900_000);
    }
  });

  it('what was refused is refused again without asking', async () => {
    const { limiter, store } = await process({ perSecond: 0.001, burst: 1 });
    await connected(limiter);
    await limiter.take('bob');
    expect(await limiter.take('bob')).toMatchObject({ allowed: false, by: 'cluster' });
    await store.close();
    expect(limiter.take('bob')).toMatchObject({ allowed: false, by: 'cluster' });
  });

  it('a limit that was lowered leaves nobody more than a whole burst to pay', async () => {
    const before = await process({ perSecond: 0.001, burst: 10 });
    await connected(before.limiter);
    for (let call = 0; call < 10; call++) await before.limiter.take('frank');
    const { limiter } = await process({ perSecond: 100, burst: 10 });
    await connected(limiter);
    const refused = await limiter.take('frank');
    expect(refused.retryAfterMs).toBeLessThanOrEqual(10);
    const endMs = performance.now() + 5_000;
    while (!(await limiter.take('frank')).allowed)
      if (performance.now() > endMs) throw new Error('waited 5 s in vain');
      else await new Promise((resolve) => setTimeout(resolve, 2));
  });

  it('a key is gone from Redis once it owes nothing', async () => {
    const { limiter } = await process({ perSecond: 100, burst: 10 }, { name: 'short' });
    await connected(limiter);
    await limiter.take('carol');
    const client = await createClient({ url: redis?.url ?? '' }).connect();
    closing.push(async () => client.destroy());
    expect(await client.pTTL('rookery:rate:short:carol')).toBeLessThanOrEqual(10);
  });

  it('Redis gone: each process gives out its share from where it stood, and none is open; Redis back: together again', async () => {
    const shared = { instances: () => 4, name: 'lost' };
    const limit = { perSecond: 0.001, burst: 40 };
    const [one, other] = await Promise.all([process(limit, shared), process(limit, shared)]);
    await connected(one.limiter);
    await connected(other.limiter);
    for (let call = 0; call < 20; call++) await one.limiter.take('dave');
    await redis?.kill();
    const rest = await Promise.all(Array.from({ length: 50 }, async () => one.limiter.take('dave')));
    expect(rest.every(({ by }) => by === 'local')).toBe(true);
    // Half of the burst was spent: half of the share is left.
    expect(rest.filter(({ allowed }) => allowed)).toHaveLength(5);
    const elsewhere = await Promise.all(Array.from({ length: 50 }, async () => other.limiter.take('dave')));
    expect(elsewhere.filter(({ allowed }) => allowed)).toHaveLength(10);
    await redis?.start();
    await connected(one.limiter);
  });

  it('a Redis that hangs costs each call its deadline, a few times only', async () => {
    const store = await openRateStore(redis?.url ?? '', { deadlineMs: 1_000 });
    let asked = 0;
    const hanging = {
      take: async () => {
        asked++;
        return Promise.reject(new Error('no answer in 1 ms'));
      },
      close: () => store.close(),
    };
    const limiter = new ClusterRateLimiter({ perSecond: 0.001, burst: 10 }, hanging, { name: 'hung', clock: () => 0 });
    const decisions = [];
    for (let call = 0; call < 100; call++) decisions.push(await limiter.take('erin'));
    await store.close();
    expect(asked).toBe(3);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(10);
  });
});
