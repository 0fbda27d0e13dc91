import { expect, it, vi } from 'vitest';
import { CallCache } from './call-cache.ts';

it('an answer is good for its time, and calls at once are one', async () => {
  let nowMs = 0;
  const cache = new CallCache({ ttlMs: 100, maxEntries: 2 }, () => nowMs);
  const call = vi.fn(async () => call.mock.calls.length);
  expect(await Promise.all([1, 2, 3].map(() => cache.through('a', call)))).toEqual([1, 1, 1]);
  nowMs = 99;
  expect(await cache.through('a', call)).toBe(1);
  nowMs = 100;
  expect(await cache.through('a', call)).toBe(2);
  await cache.through('b', call);
  await cache.through('c', call);
  expect(await cache.through('a', call)).toBe(5);
});

it('a failure is not kept', async () => {
  const cache = new CallCache({ ttlMs: 100 }, () => 0);
  await expect(cache.through('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cache.through('a', async () => 'yes')).toBe('yes');
});
