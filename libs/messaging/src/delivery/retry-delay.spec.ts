import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from './retry-delay.ts';

describe('the wait between two tries', () => {
  it('doubles', () => {
    expect([1, 2, 3, 4].map((attempt) => retryDelayMs(attempt, 100))).toEqual([100, 200, 400, 800]);
  });

  it('never shrinks and never passes five minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 60_000 }), (attempt, baseMs) => {
        const waitMs = retryDelayMs(attempt, baseMs);
        expect(waitMs).toBeGreaterThanOrEqual(baseMs);
        expect(waitMs).toBeLessThanOrEqual(300_000);
        expect(retryDelayMs(attempt + 1, baseMs)).toBeGreaterThanOrEqual(waitMs);
      }),
    );
  });
});
