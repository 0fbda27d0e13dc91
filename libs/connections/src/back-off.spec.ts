import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backOffMs } from './back-off.ts';

const policy = { baseMs: 200, capMs: 5_000 };

it('stays between the shortest pause and the ceiling, which doubles up to the cap', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (failures, random) => {
        const pauseMs = backOffMs(failures, policy, () => random);
        expect(pauseMs).toBeGreaterThanOrEqual(20);
        expect(pauseMs).toBeLessThanOrEqual(Math.min(200 * 2 ** (failures - 1), 5_000));
      },
    ),
  );
});

it('uses the whole width below the ceiling', () => {
  expect(backOffMs(20, policy, () => 0)).toBe(20);
  expect(backOffMs(20, policy, () => 0.5)).toBe(2_510);
});
