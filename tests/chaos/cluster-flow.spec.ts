import { startOwnRedis } from '@rookery/servers';
import { afterAll, expect, test } from 'vitest';
import { ASKED, LIMIT, playCluster, SHARE } from './resilience/cluster.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

// The figures that are aimed at are those of `npm run chaos -- resilience`; here is room for a busy machine.
test.skipIf(!redis)('four processes keep one limit; Redis killed, each its share; and together again', async () => {
  if (!redis) return;
  const [there, killed, back] = await playCluster(redis, { stretchMs: 1_500, settleMs: 3_000 });
  expect(there?.all).toBeGreaterThan(LIMIT * 0.7);
  expect(there?.all).toBeLessThan(LIMIT * 1.1);
  expect(there?.each[0]).toBeGreaterThan(SHARE * 1.1);
  for (const [at, each] of (killed?.each ?? []).entries()) {
    expect(each).toBeLessThan(SHARE * 1.1);
    expect(each).toBeGreaterThan(Math.min(SHARE, ASKED[at] ?? 0) * 0.5);
  }
  expect(back?.all).toBeLessThan(LIMIT * 1.1);
  expect(back?.each[0]).toBeGreaterThan(SHARE * 1.1);
});
