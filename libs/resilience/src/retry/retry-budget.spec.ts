import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

it('a budget never pays for more than its burst, its share of the calls and its trickle', () => {
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.constant('call' as const) },
    { weight: 5, arbitrary: fc.constant('retry' as const) },
    { weight: 1, arbitrary: fc.integer({ min: -500, max: 5_000 }) },
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 20 }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      (events, ratio, burst, perSecond) => {
        let nowMs = 1_000_000;
        let forwardMs = 0;
        let calls = 0;
        let retries = 0;
        const budget = new RetryBudget({ ratio, burst, perSecond }, () => nowMs);
        for (const happens of events) {
          if (happens === 'call') {
            calls++;
            budget.earn();
          } else if (happens === 'retry') {
            if (budget.spend()) retries++;
          } else {
            nowMs += happens;
            forwardMs += Math.max(0, happens);
          }
        }
        expect(retries).toBeLessThanOrEqual(burst + ratio * calls + (perSecond * forwardMs) / 1_000 + 1e-6);
      },
    ),
  );
});

it('a budget that was spent comes back with time', () => {
  let nowMs = 0;
  const budget = new RetryBudget({ burst: 2, perSecond: 1 }, () => nowMs);
  expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
  nowMs = 1_000;
  expect(budget.available).toBe(1);
  expect(budget.spend()).toBe(true);
});
