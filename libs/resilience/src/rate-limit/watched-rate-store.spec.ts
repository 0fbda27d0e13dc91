import { expect, it } from 'vitest';
import { rateStoreAway } from '../errors.ts';
import { WatchedRateStore } from './watched-rate-store.ts';

const LIMIT = { perSecond: 1, burst: 1 };

it('says once that a store is away, why, and once that it is back', async () => {
  const told: object[] = [];
  const tell = (fields: object) => void told.push(fields);
  let isThere = true;
  const take = async () => {
    if (!isThere) throw rateStoreAway(new Error('no answer in 50 ms'));
    return { allowed: true, owedMs: 0 };
  };
  const store = new WatchedRateStore({ take, close: async () => {} }, { info: tell, warn: tell });
  const ask = async (times: number) => {
    for (let time = 0; time < times; time++) await store.take('key', LIMIT).catch(() => {});
  };

  await ask(2);
  isThere = false;
  await ask(2);
  isThere = true;
  await ask(1);
  expect(told).toEqual([]);

  isThere = false;
  await ask(10);
  isThere = true;
  await ask(10);
  expect(told).toEqual([
    { event: 'rate store is away: each process gives out its share', reason: 'no answer in 50 ms' },
    { event: 'rate store is back' },
  ]);
});
