import { expect, test } from 'vitest';
import { sharedPlatform } from '../platform/shared.ts';
import { hangingInstance } from './discovery/hanging-instance.ts';

const platform = sharedPlatform();

test('one of two catalog instances hangs under its callers by gRPC: no order fails, and no breaker opens', async () => {
  const before = platform.pids('catalog').sort();
  const tallies = await hangingInstance(platform, { perSecond: 10, orders: 10 });
  expect(tallies.flatMap(({ failed }) => [...failed])).toEqual([]);
  expect(tallies.map(({ sent }) => sent >= 10)).toEqual([true, true, true]);
  expect(platform.pids('catalog').sort()).toEqual(before);
});
