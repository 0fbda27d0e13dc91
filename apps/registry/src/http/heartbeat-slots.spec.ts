import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextHeartbeatMs } from './heartbeat-slots.ts';

/** Also half of a time to live that is odd. */
const everyMs = fc.integer({ min: 20, max: 60_000 }).map((twice) => twice / 2);
const nowMs = fc.double({ min: 0, max: 1e9, noNaN: true });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('a heartbeat is never wanted later than it must come, nor much sooner', () => {
  fc.assert(
    fc.property(everyMs, nowMs, random, (every, now, chance) => {
      const next = nextHeartbeatMs(every, now, () => chance);
      expect(Number.isInteger(next)).toBe(true);
      expect(next).toBeGreaterThanOrEqual(Math.floor(every * 0.7));
      expect(next).toBeLessThanOrEqual(every);
    }),
    // Where the beginning of the slot, as a product of what is not exact, lies behind the time that it stands for.
    { examples: [[1_982, 0, 0]] },
  );
});

it('those that are wanted at about one time are wanted together', () => {
  const beganAtMs = 1_234_567;
  const wantedAtMs = Array.from({ length: 10_000 }, (_, at) => {
    const nowMs = beganAtMs + at / 10;
    return Math.round(nowMs + nextHeartbeatMs(30_000, nowMs));
  });
  // 7 s hold 28 slots; the milliseconds are whole, so that each slot may show as two.
  expect(new Set(wantedAtMs).size).toBeLessThanOrEqual(2 * 29);
});

it('those that came at once are spread', () => {
  const slots = Map.groupBy(
    Array.from({ length: 10_000 }, () => nextHeartbeatMs(30_000, 5_000)),
    (next) => next,
  );
  expect(slots.size).toBeGreaterThan(20);
  for (const { length } of slots.values()) expect(length).toBeLessThan(1_000);
});
