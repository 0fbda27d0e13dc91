import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REFUSED } from '../base.ts';
import { DegradeChecker, degrades } from './degrade.ts';
import { DegradeRule } from './schema.ts';

const rule = (given: object) =>
  DegradeRule.parse({
    kind: 'degrade',
    resource: 'r',
    measure: 'error-ratio',
    threshold: 0.5,
    minimumCalls: 4,
    openMs: 1_000,
    ...given,
  });

const make = (given: object = {}) => {
  const states: string[] = [];
  const degrade = new DegradeChecker(rule(given), (state) => states.push(state));
  const call = (atMs: number, ending: 'succeeded' | 'failed' | 'left', durationMs = 1) => {
    if (degrade.check({}, atMs) === REFUSED) return 'refused';
    degrade.admitted({}, atMs);
    degrade.ended({}, atMs, atMs + durationMs, ending);
    return degrade.state;
  };
  return { degrade, call, states };
};

describe('a degrade rule', () => {
  it.each([
    ['by the share of errors', { measure: 'error-ratio' }, 1],
    ['by their number', { measure: 'error-count', threshold: 2 }, 1],
    ['by the share of slow calls', { measure: 'slow-ratio', slowMs: 50 }, 60],
    ['by the last calls', { measure: 'error-ratio', windowCalls: 4 }, 1],
  ])('opens %s, lets one try after its time, and closes when that went well', (_how, given, durationMs) => {
    const { call, states } = make(given);
    const bad = durationMs > 50 ? 'succeeded' : 'failed';
    expect(call(1_000, 'succeeded')).toBe('closed');
    expect(call(1_010, 'succeeded')).toBe('closed');
    expect(call(1_020, bad, durationMs)).toBe('closed');
    expect(call(1_030, bad, durationMs)).toBe('open');
    expect(call(1_500, 'succeeded')).toBe('refused');
    expect(call(2_100, bad, durationMs)).toBe('open');
    expect(call(2_900, 'succeeded')).toBe('refused');
    expect(call(3_300, 'succeeded')).toBe('closed');
    expect(states).toEqual(['open', 'half-open', 'open', 'half-open', 'closed']);
  });

  it('is not decided by calls from before, nor by a caller who left, and a lost try gives way to another', () => {
    const { degrade, call } = make();
    for (let at = 0; at < 4; at++) call(1_000 + at, 'failed');
    expect(degrade.check({}, 2_100)).toBe(0);
    degrade.admitted({}, 2_100);
    degrade.ended({}, 900, 2_200, 'succeeded');
    expect([degrade.state, degrade.check({}, 2_300)]).toEqual(['half-open', REFUSED]);
    expect(degrade.check({}, 3_100)).toBe(0);
    degrade.admitted({}, 3_100);
    degrade.ended({}, 3_100, 3_150, 'left');
    expect([degrade.state, degrade.check({}, 3_150)]).toEqual(['half-open', 0]);
  });

  it('lets one call through in each of its times while nothing goes well', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 100 }), (gaps) => {
        const { call } = make();
        let nowMs = 1_000;
        for (let each = 0; each < 4; each++) call(nowMs, 'failed');
        let lastMs = nowMs;
        for (const gap of gaps) {
          nowMs += gap;
          if (call(nowMs, 'failed') === 'refused') continue;
          expect(nowMs - lastMs).toBeGreaterThanOrEqual(1_000);
          lastMs = nowMs;
        }
      }),
    );
  });

  it('needs enough calls, and is exact about its threshold', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), (well, failed) => {
        const outcomes = { calls: well + failed, failed, slow: 0 };
        const limits = { measure: 'error-ratio', threshold: 0.5, minimumCalls: 10 } as const;
        expect(degrades(outcomes, limits)).toBe(well + failed >= 10 && failed >= well);
      }),
    );
  });

  it.each([
    [{ measure: 'slow-ratio' }, 'slowMs'],
    [{ threshold: 50 }, 'threshold'],
    [{ windowMs: 1_000, windowCalls: 10 }, 'windowCalls'],
    [{ windowCalls: 2 }, 'windowCalls'],
  ])('that is wrong (%o) is refused with its path', (given, path) => {
    const plain = { kind: 'degrade', resource: 'r', measure: 'error-ratio', threshold: 0.5 };
    const { error } = DegradeRule.safeParse({ ...plain, ...given });
    expect(error?.issues[0]?.path.join('.')).toBe(path);
  });
});
