import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BalanceInput, parseBalance } from './balance.ts';
import type { InstanceLoad } from './instance-load.ts';
import { Outliers } from './outliers.ts';
import { failingMoreThanOthers } from './success-rate.ts';
import { chooser, idle, idleOnes, NOW_MS } from './testing/loads.ts';

type Ejection = Exclude<Exclude<BalanceInput, string>['ejection'], undefined>;
const rules = (given: Ejection = {}) => parseBalance({ ejection: given }).ejection;

/** Instances whose calls end one after another. */
function service(count: number, given: Ejection = {}) {
  const loads = idleOnes(count);
  const outliers = new Outliers(rules(given), NOW_MS);
  const end = (at: number, ok: boolean, nowMs: number) => {
    const load = loads[at % count] as InstanceLoad;
    load.end(1, ok, nowMs);
    outliers.ended(load, loads, nowMs);
  };
  return { loads, first: loads[0] as InstanceLoad, end };
}

describe('ejection for failures in a row', () => {
  it('comes at once, for longer after each further failure, up to a limit', () => {
    const { first, end } = service(2);
    let nowMs = NOW_MS;
    for (let failure = 0; failure < 10; failure++) {
      end(0, false, nowMs);
      expect(first.ejectedUntilMs - nowMs).toBe(Math.min(1_000 * 2 ** failure, 30_000));
      nowMs = first.ejectedUntilMs;
    }
  });

  it('counts calls that fail together as one failure', () => {
    const { first, end } = service(2);
    for (let call = 0; call < 50; call++) end(0, false, NOW_MS);
    expect(first.ejections).toBe(1);
  });

  it('waits for as many as the settings say, and begins anew after a good call', () => {
    const { first, end } = service(2, { consecutiveFailures: 3 });
    for (const ok of [false, false, true, false, false]) end(0, ok, NOW_MS);
    expect(first.isEjected(NOW_MS)).toBe(false);
    end(0, false, NOW_MS);
    expect(first.isEjected(NOW_MS)).toBe(true);
  });

  it('ends with one call at a time, and wholly with a good one', () => {
    const [back, well] = idle(1, 1) as [InstanceLoad, InstanceLoad];
    const outliers = new Outliers(rules(), 0);
    back.end(1, false, NOW_MS - 1_000);
    outliers.ended(back, [back, well], NOW_MS - 1_000);
    // By chance alone: p2c would leave one with a running call anyway.
    const chosen = () => chooser('random', [back, well])({ random: () => 0 });
    expect(chosen()).toBe(back);
    back.begin();
    expect(chosen()).toBe(well);
    back.end(0, true, NOW_MS);
    back.begin();
    expect(chosen()).toBe(back);
  });
});

it('never has more instances out than the ceiling allows, whatever fails', () => {
  const call = fc.record({ at: fc.nat(9), ok: fc.boolean(), afterMs: fc.nat(400) });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.array(call, { maxLength: 300 }),
      (count, ceiling, calls) => {
        const { loads, end } = service(count, {
          ceiling,
          successRate: { everyMs: 1_000, minimumCalls: 1, minimumInstances: 2, deviations: 0.5 },
        });
        let nowMs = NOW_MS;
        for (const { at, ok, afterMs } of calls) {
          nowMs += afterMs;
          end(at, ok, nowMs);
          const out = loads.filter((load) => load.isEjected(nowMs)).length;
          expect(out).toBeLessThanOrEqual(ceiling === 0 ? 0 : Math.max(1, Math.floor(count * ceiling)));
        }
      },
    ),
  );
});

describe('ejection by success rate', () => {
  const successRate = { everyMs: 1_000, minimumCalls: 10, minimumInstances: 3, deviations: 1.5 };

  it('finds the one that fails now and then beside others that do not', () => {
    const { loads, first, end } = service(5, { consecutiveFailures: 1_000, successRate });
    for (let call = 0; call < 100; call++) for (const at of loads.keys()) end(at, at > 0 || call % 3 > 0, NOW_MS);
    expect(first.isEjected(NOW_MS)).toBe(false);
    end(1, true, NOW_MS + 1_000);
    expect(loads.map((load) => load.isEjected(NOW_MS + 1_000))).toEqual([true, false, false, false, false]);
    end(0, true, NOW_MS + 1_001);
    expect(first.isEjected(NOW_MS + 1_001)).toBe(true);
    expect(first.isEjected(NOW_MS + 2_000)).toBe(false);
  });

  it('judges nobody by few calls or beside few, and nobody where all are alike', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ recentCalls: fc.nat(30), failing: fc.nat(100) }), { maxLength: 8 }), (given) => {
        const calls = given.map(({ recentCalls, failing }) => ({
          recentCalls,
          recentFailures: Math.floor((recentCalls * failing) / 100),
        }));
        const out = failingMoreThanOthers(calls, successRate);
        const judged = calls.filter(({ recentCalls }) => recentCalls >= 10);
        if (judged.length < 3) expect(out).toEqual([]);
        for (const each of out) expect(judged).toContain(each);
        expect(out.length).toBeLessThan(Math.max(1, judged.length));
      }),
    );
    const alike = Array.from({ length: 5 }, () => ({ recentCalls: 100, recentFailures: 50 }));
    expect(failingMoreThanOthers(alike, successRate)).toEqual([]);
  });
});
