import fc from 'fast-check';
import { expect, it } from 'vitest';
import { outcomeWindow } from './outcome-window.ts';

const calls = fc.array(fc.record({ gapMs: fc.nat(400), failed: fc.boolean(), slow: fc.boolean() }), { maxLength: 100 });
type Call = { failed: boolean; slow: boolean };
const countsOf = (log: readonly Call[]) => ({
  calls: log.length,
  failed: log.filter(({ failed }) => failed).length,
  slow: log.filter(({ slow }) => slow).length,
});

it('the last n calls are what a log of them has', () => {
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 30 }), (given, windowCalls) => {
      const window = outcomeWindow({ windowCalls });
      for (const [index, { failed, slow }] of given.entries()) {
        window.record(0, failed, slow);
        expect(window).toMatchObject(countsOf(given.slice(Math.max(0, index + 1 - windowCalls), index + 1)));
      }
    }),
  );
});

it('the calls of the last time are what a log of them has, in steps of a tenth', () => {
  fc.assert(
    fc.property(calls, fc.constantFrom(1_000, 3_000), (given, windowMs) => {
      const window = outcomeWindow({ windowMs });
      const log: (Call & { tick: number })[] = [];
      let nowMs = 10_000;
      for (const { gapMs, ...call } of given) {
        nowMs += gapMs;
        const tick = Math.floor(nowMs / (windowMs / 10));
        window.record(nowMs, call.failed, call.slow);
        log.push({ ...call, tick });
        expect(window).toMatchObject(countsOf(log.filter((each) => each.tick > tick - 10)));
      }
    }),
  );
});
