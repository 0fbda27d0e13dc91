import { startOwnRedis } from '@rookery/servers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { RateStore } from '../../rate-limit/cluster-rate-limiter.ts';
import { openRateStore } from '../../rate-limit/open-rate-store.ts';
import { Resources } from '../../resource/resources.ts';
import { Rules } from '../rule.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

const call = (resources: Resources): Promise<boolean> => resources.run('orders', async () => true).catch(() => false);

it('without a token server a process gives out its share, and no more', async () => {
  const resources = new Resources({ clock: () => 50_000, instances: () => 4 });
  resources.load(Rules.parse({ all: { kind: 'cluster-flow', resource: 'orders', limit: 100, burst: 40 } }));
  const passed = [];
  for (let each = 0; each < 100; each++) passed.push(await call(resources));
  expect(passed.filter(Boolean)).toHaveLength(10);
});

describe.skipIf(!redis)('a flow rule over all processes, on Redis', () => {
  const stores: RateStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });

  /** Four processes: each has its own connection. */
  const processes = async (rule: object, instances = 4) =>
    Promise.all(
      Array.from({ length: 4 }, async () => {
        const store = await openRateStore(redis?.url ?? '', { deadlineMs: 2_000 });
        stores.push(store);
        const resources = new Resources({ store, instances: () => instances });
        resources.load(Rules.parse({ all: { kind: 'cluster-flow', resource: 'orders', ...rule } }));
        return resources;
      }),
    );

  it.each([
    ['call by call', 1],
    ['in batches', 5],
  ])('taken %s, all together get what the limit gives', async (how, batch) => {
    const perSecond = 0.001;
    const id = {
      [`${how.replaceAll(' ', '-')}`]: { kind: 'cluster-flow', resource: 'orders', limit: perSecond, burst: 60, batch },
    };
    const all = await processes({ limit: perSecond });
    for (const resources of all) resources.load(Rules.parse(id));
    const answers = await Promise.all(
      all.flatMap((resources) => Array.from({ length: 100 }, async () => call(resources))),
    );
    const passed = answers.filter(Boolean).length;
    expect(passed).toBeLessThanOrEqual(60);
    expect(passed).toBeGreaterThanOrEqual(60 - 4 * (batch - 1));
  });

  it('Redis killed: each goes on with its share, and none is open', async () => {
    const all = await processes({ limit: 0.001, burst: 40 });
    await redis?.kill();
    for (const resources of all) {
      const answers = await Promise.all(Array.from({ length: 100 }, async () => call(resources)));
      expect(answers.filter(Boolean)).toHaveLength(10);
    }
    await redis?.start();
  });
});
