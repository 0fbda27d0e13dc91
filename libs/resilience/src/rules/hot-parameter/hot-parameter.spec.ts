import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REFUSED } from '../base.ts';
import { HotParameterChecker } from './hot-parameter.ts';
import { HotParameterRule } from './schema.ts';

const make = (given: object) =>
  new HotParameterChecker(
    HotParameterRule.parse({ kind: 'hot-parameter', resource: 'r', parameter: 'film', limit: 2, ...given }),
  );

const ask = (hot: HotParameterChecker, film: unknown, nowMs = 1_000): boolean => {
  const facts = { parameters: { film } };
  if (hot.check(facts, nowMs) === REFUSED) return false;
  hot.admitted(facts, nowMs);
  return true;
};

describe('a limit for each value of a parameter', () => {
  it('admits no more of any value than its limit, in any window', () => {
    const calls = fc.array(fc.record({ film: fc.nat(3), gapMs: fc.nat(120) }), { maxLength: 200 });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 5 }), (given, limit) => {
        const hot = make({ limit, windowMs: 400, exceptions: [{ value: 3, limit: 1 }] });
        const admitted = new Map<number, number[]>();
        let nowMs = 1_000;
        for (const { film, gapMs } of given) {
          nowMs += gapMs;
          if (!ask(hot, film, nowMs)) continue;
          const log = [...(admitted.get(film) ?? []), nowMs];
          admitted.set(film, log);
          expect(log.filter((atMs) => atMs > nowMs - 400).length).toBeLessThanOrEqual(film === 3 ? 1 : limit);
        }
      }),
    );
  });

  it('knows a number and its text as one value, has exceptions, and lets a call without a value pass', () => {
    const hot = make({ exceptions: [{ value: 7, limit: 0 }] });
    expect([ask(hot, 1), ask(hot, '1'), ask(hot, 1), ask(hot, 2)]).toEqual([true, true, false, true]);
    expect([ask(hot, '7'), ask(hot, undefined), ask(hot, { no: 'value' })]).toEqual([false, true, true]);
  });

  it('takes arguments by their place', () => {
    const hot = make({ parameter: 1, limit: 1 });
    const facts = { parameters: ['a', 'b'] };
    expect(hot.check(facts, 1)).toBe(0);
    hot.admitted(facts, 1);
    expect(hot.check(facts, 1)).toBe(REFUSED);
    expect(hot.check({ parameters: ['b', 'a'] }, 1)).toBe(0);
  });

  it('counts calls that run at once', () => {
    const hot = make({ grade: 'concurrency', limit: 1 });
    expect([ask(hot, 1), ask(hot, 1), ask(hot, 2)]).toEqual([true, false, true]);
    hot.ended({ parameters: { film: 1 } });
    expect(ask(hot, 1)).toBe(true);
  });

  it('forgets the value that was not seen for longest', () => {
    const hot = make({ maxValues: 2, limit: 1 });
    ask(hot, 'a');
    ask(hot, 'b');
    ask(hot, 'a');
    ask(hot, 'c');
    expect([ask(hot, 'a'), ask(hot, 'c'), ask(hot, 'b'), hot.size]).toEqual([false, false, true, 2]);
  });

  it('keeps 10,000 values, long ones cut out of longer texts, in 10 MB, and no more of a million', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const hot = make({});
    collect();
    const beforeBytes = process.memoryUsage().heapUsed;
    for (let film = 0; film < 100_000; film++) {
      const text = `${String(film).padStart(90, 'x')}${'y'.repeat(2_000)}`;
      ask(hot, text.slice(0, 90));
    }
    collect();
    expect(hot.size).toBe(10_000);
    expect(process.memoryUsage().heapUsed - beforeBytes).toBeLessThan(10_000_000);
  });
});
