import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REFUSED } from '../base.ts';
import { FlowChecker, type Traffic } from './flow.ts';
import { FlowRule } from './schema.ts';
import { cold, warmed, warmLimit, warmUpShape } from './warm-up.ts';

const IDLE: Traffic = { running: 0, passes: () => 0 };
const rule = (given: object) => FlowRule.parse({ kind: 'flow', resource: 'r', limit: 10, ...given });

/** Asks, and takes what it is given. */
const ask = (flow: FlowChecker, nowMs: number, facts = {}): number => {
  const waitMs = flow.check(facts, nowMs);
  if (waitMs !== REFUSED) flow.admitted(facts, nowMs);
  return waitMs;
};
const gaps = fc.array(fc.nat(300), { minLength: 1, maxLength: 200 });

describe('a flow rule', () => {
  it('admits no more than its limit in any second', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 15 }), (given, limit) => {
        const flow = new FlowChecker(rule({ limit }), IDLE);
        const admitted: number[] = [];
        let nowMs = 5_000;
        for (const gap of given) {
          nowMs += gap;
          if (ask(flow, nowMs) === REFUSED) continue;
          admitted.push(nowMs);
          expect(admitted.filter((atMs) => atMs > nowMs - 1_000).length).toBeLessThanOrEqual(limit);
        }
      }),
    );
  });

  it('says when a call would pass, and then one does', () => {
    const flow = new FlowChecker(rule({ limit: 2 }), IDLE);
    expect([ask(flow, 1_000), ask(flow, 1_400), ask(flow, 1_500)]).toEqual([0, 0, REFUSED]);
    const waitMs = flow.retryAfterMs(1_500);
    expect(ask(flow, 1_500 + waitMs - 1)).toBe(REFUSED);
    expect(ask(flow, 1_500 + waitMs)).toBe(0);
  });

  it('counts on when its limit is changed', () => {
    const before = new FlowChecker(rule({ limit: 5 }), IDLE);
    for (let call = 0; call < 5; call++) expect(ask(before, 1_000)).toBe(0);
    const after = new FlowChecker(rule({ limit: 6 }), IDLE, before);
    expect([ask(after, 1_001), ask(after, 1_001)]).toEqual([0, REFUSED]);
  });

  it('looks at calls that run at once', () => {
    const flow = new FlowChecker(rule({ grade: 'concurrency', limit: 3 }), { ...IDLE, running: 3 });
    expect(ask(flow, 1_000)).toBe(REFUSED);
    const ofShop = new FlowChecker(rule({ grade: 'concurrency', limit: 1, origin: 'shop' }), { ...IDLE, running: 3 });
    expect(ask(ofShop, 1_000, { origin: 'shop' })).toBe(0);
    expect(ask(ofShop, 1_000, { origin: 'shop' })).toBe(REFUSED);
    expect(ask(ofShop, 1_000, { origin: 'other' })).toBe(0);
    ofShop.ended({ origin: 'shop' });
    expect(ask(ofShop, 1_000, { origin: 'shop' })).toBe(0);
  });

  it('gives way to a related resource, and counts only what came in by one entrance', () => {
    const busy = { running: 0, passes: () => 10 };
    expect(ask(new FlowChecker(rule({ strategy: 'associated', related: 'write' }), busy), 1_000)).toBe(REFUSED);
    expect(ask(new FlowChecker(rule({ strategy: 'associated', related: 'write', limit: 11 }), busy), 1_000)).toBe(0);
    const chain = new FlowChecker(rule({ strategy: 'chain', entrance: 'http:GET /a', limit: 1 }), IDLE);
    const [a, b] = [{ entrance: 'http:GET /a' }, { entrance: 'http:GET /b' }];
    expect([ask(chain, 1, b), ask(chain, 1, a), ask(chain, 1, a), ask(chain, 1, b)]).toEqual([0, 0, REFUSED, 0]);
  });
});

describe('a queue', () => {
  it('keeps its spacing between any two calls, and lets none wait longer than agreed', () => {
    fc.assert(
      fc.property(gaps, fc.double({ min: 0.5, max: 200, noNaN: true }), fc.nat(2_000), (given, limit, maxQueueMs) => {
        const flow = new FlowChecker(rule({ behaviour: 'queueing', limit, maxQueueMs }), IDLE);
        const passes: number[] = [];
        let nowMs = 9_000;
        for (const gap of given) {
          nowMs += gap / 4;
          const waitMs = ask(flow, nowMs);
          if (waitMs === REFUSED) {
            expect((passes.at(-1) ?? 0) + 1_000 / limit - nowMs).toBeGreaterThan(maxQueueMs);
            continue;
          }
          expect(waitMs).toBeLessThanOrEqual(maxQueueMs);
          if (passes.length > 0)
            expect(nowMs + waitMs - (passes.at(-1) ?? 0)).toBeGreaterThanOrEqual(1_000 / limit - 1e-6);
          passes.push(nowMs + waitMs);
        }
      }),
    );
  });
});

describe('a warm-up', () => {
  it('follows its curve: from a cold limit to the full one, never down while the demand is full', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 500 }),
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 2, max: 5 }),
        (limit, seconds, coldFactor) => {
          const flow = new FlowChecker(
            rule({ behaviour: 'warm-up', limit, warmUpMs: seconds * 1_000, coldFactor }),
            IDLE,
          );
          const shape = warmUpShape(limit, seconds * 1_000, coldFactor);
          let model = cold(shape);
          let last = { asked: 0, passed: 0 };
          const perSecond: number[] = [];
          for (let second = 0; second < seconds * 3; second++) {
            const startMs = 100_000 + second * 1_000;
            model = warmed(model, shape, startMs, last);
            let passed = 0;
            for (let call = 0; call < limit * 1.5; call++) {
              if (ask(flow, startMs + (call * 1_000) / (limit * 1.5)) === 0) passed++;
            }
            expect(passed).toBeLessThanOrEqual(warmLimit(model, shape) + 1e-9);
            expect(passed).toBeGreaterThanOrEqual(0.9 * warmLimit(model, shape) - 2);
            perSecond.push(passed);
            last = { asked: limit * 1.5, passed };
          }
          expect(perSecond[0]).toBeLessThanOrEqual(limit / coldFactor + 1e-9);
          expect(perSecond.at(-1)).toBeGreaterThanOrEqual(0.9 * limit - 1);
          for (const [second, passed] of perSecond.slice(1).entries()) {
            expect(passed).toBeGreaterThanOrEqual((perSecond[second] ?? 0) * 0.9 - 2);
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it('has a limit between cold and full, whatever happened before', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.nat(30), passed: fc.nat(1_000) }), { maxLength: 50 }),
        fc.integer({ min: 1, max: 1_000 }),
        (steps, limit) => {
          const shape = warmUpShape(limit, 10_000, 3);
          let state = cold(shape);
          let second = 1;
          for (const { gap, passed } of steps) {
            second += gap;
            state = warmed(state, shape, second * 1_000, { asked: passed * 2, passed });
            expect(warmLimit(state, shape)).toBeGreaterThanOrEqual(limit / 3 - 1e-6);
            expect(warmLimit(state, shape)).toBeLessThanOrEqual(limit);
          }
        },
      ),
    );
  });

  it('and a queue together space the calls by what is warm so far', () => {
    const flow = new FlowChecker(rule({ behaviour: 'warm-up-queueing', limit: 30, maxQueueMs: 10_000 }), IDLE);
    ask(flow, 50_000);
    expect(ask(flow, 50_000)).toBeCloseTo(100, 6);
  });
});

describe('a flow rule that is wrong', () => {
  it.each([
    [{ limit: -1 }, 'limit'],
    [{ strategy: 'chain' }, 'entrance'],
    [{ strategy: 'associated' }, 'related'],
    [{ grade: 'concurrency', behaviour: 'queueing' }, 'behaviour'],
    [{ behaviour: 'queueing', limit: 0 }, 'limit'],
    [{ colour: 'red' }, ''],
  ])('%o is refused with its path', (given, path) => {
    const { error } = FlowRule.safeParse({ kind: 'flow', resource: 'r', limit: 10, ...given });
    expect(error?.issues[0]?.path.join('.')).toBe(path);
  });
});
