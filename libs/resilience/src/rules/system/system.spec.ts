import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REFUSED } from '../base.ts';
import { SystemRule } from './schema.ts';
import { isOverfull, SystemChecker, type SystemFacts } from './system.ts';
import { SystemState } from './system-state.ts';

const IDLE: SystemFacts = {
  load: 0.5,
  cpu: 0.2,
  running: 2,
  meanMs: 10,
  minMs: 5,
  bestSecond: 100,
  refresh: () => {},
  passes: () => 50,
};
const check = (rule: object, facts: Partial<SystemFacts> = {}) =>
  new SystemChecker(SystemRule.parse({ kind: 'system', ...rule }), { ...IDLE, ...facts }).check({}, 1_000);

describe('a system rule', () => {
  it.each<[object, Partial<SystemFacts>]>([
    [{ qps: 50 }, {}],
    [{ concurrency: 2 }, {}],
    [{ rtMs: 9 }, {}],
    [{ load: 2 }, { load: 3 }],
    [{ cpu: 0.8 }, { cpu: 0.9 }],
  ])('%o refuses what comes in above it', (rule, facts) => {
    expect(check(rule, facts)).toBe(REFUSED);
  });

  it.each<[object, Partial<SystemFacts>]>([
    [{ qps: 51, concurrency: 3, rtMs: 10, load: 2, cpu: 0.8 }, {}],
    [{ load: 2 }, { load: 3, bestSecond: 1_000 }],
    [{ rtMs: 9 }, { running: 0 }],
  ])('%o lets through what the machine can take', (rule, facts) => {
    expect(check(rule, facts)).toBe(0);
  });

  it('that has no limit is refused', () => {
    expect(SystemRule.safeParse({ kind: 'system' }).success).toBe(false);
  });
});

it('a pipe is overfull when more is in it than its best rate holds in its shortest time, by Little', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 1_000 }), fc.nat(10_000), fc.nat(1_000), (running, perSecond, minMs) => {
      expect(isOverfull(running, perSecond, minMs)).toBe(running > perSecond * (minMs / 1_000));
      expect(isOverfull(1, perSecond, minMs)).toBe(false);
    }),
  );
});

it('the state of the process follows what came in', () => {
  const state = new SystemState(() => ({ load: 1, cpu: 0.5 }));
  for (let call = 0; call < 4; call++) state.admitted(5_000);
  state.running--;
  state.measures.ended('succeeded', 20, 5_100);
  state.refresh(5_200);
  expect(state).toMatchObject({ running: 3, meanMs: 20, minMs: 20, bestSecond: 1, load: 1, cpu: 0.5 });
  expect([state.passes(5_200), state.passes(6_200)]).toEqual([4, 0]);
});

it('the machine is really looked at', () => {
  const state = new SystemState();
  state.refresh(1);
  expect(state.cpu).toBeGreaterThanOrEqual(0);
  expect(state.cpu).toBeLessThanOrEqual(1);
  expect(state.load).toBeGreaterThanOrEqual(0);
});
