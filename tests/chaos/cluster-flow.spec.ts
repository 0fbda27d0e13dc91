import { startOwnRedis } from '@rookery/servers';
import { afterAll, expect, test } from 'vitest';
import { ASKED, LIMIT, playCluster, SHARE } from './resilience/cluster.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

// The figures that are aimed at are those of `npm run chaos -- resilience`; here is room for a busy machine.
test.skipIf(!redis)('four processes keep one limit; Redis killed, each its share; and together again', async () => {
  if (!redis) return;
  // That they share the limit again is waited for.
  const [there, killed, back] = await playCluster(redis, { stretchMs: 1_500, settleMs: 2_000 });
  expect(there?.all).toBeGreaterThan(LIMIT * 0.4);
  expect(there?.all).toBeLessThan(LIMIT * 1.1);
  for (const [at, each] of (killed?.each ?? []).entries()) {
    expect(each).toBeLessThan(SHARE * 1.1);
    expect(each).toBeGreaterThan(Math.min(SHARE, ASKED[at] ?? 0) * 0.3);
  }
  expect(back?.all).toBeLessThan(LIMIT * 1.1);
});
