import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crashesInARow, restartDelayMs } from './backoff.ts';

describe('back-off of restarts', () => {
  test('doubles from 0.2 s to 10 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(restartDelayMs)).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  });

  test('never shrinks with more crashes, never leaves its limits', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (crashes) => {
        expect(restartDelayMs(crashes + 1)).toBeGreaterThanOrEqual(restartDelayMs(crashes));
        expect(restartDelayMs(crashes)).toBeLessThanOrEqual(10_000);
      }),
    );
  });

  test('30 s of health are forgiveness', () => {
    expect(crashesInARow(5, 29_999)).toBe(6);
    expect(crashesInARow(5, 30_000)).toBe(1);
  });
});
