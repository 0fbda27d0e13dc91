import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BalanceInput, parseBalance } from './balance.ts';
import { Choice } from './choice.ts';
import { InstanceLoad } from './instance-load.ts';
import { anAsk, anInstanceOf, anyLoads, NOW_MS, seeded } from './testing/loads.ts';
import { ownZoneShare } from './zone-share.ts';

const inZones = (...zones: string[]) => zones.map((zone, at) => new InstanceLoad(anInstanceOf(`i${at}`, 1, zone)));

/** Part of the choices that fall into zone a. */
function shareOfA(loads: InstanceLoad[], balance: BalanceInput = {}, zone: string | undefined = 'a', nowMs = NOW_MS) {
  const choice = new Choice(loads, parseBalance(balance), { identity: 'me', zone });
  const random = seeded(2);
  let hits = 0;
  for (let pick = 0; pick < 4_000; pick++)
    if (choice.pick(anAsk({ random, turn: pick, nowMs }))?.instance.zone === 'a') hits++;
  return hits / 4_000;
}

describe('zones', () => {
  it('keep their calls where they have their fair share of the instances', () => {
    expect(shareOfA(inZones('a', 'a', 'b', 'b', 'c', 'c'))).toBe(1);
    expect(shareOfA(inZones('a', 'a', 'a', 'b'))).toBe(1);
  });

  it('give away what would load their instances more than those elsewhere', () => {
    expect(shareOfA(inZones('a', 'b', 'b', 'b'))).toBeCloseTo(0.5, 1);
    const loads = inZones('a', 'a', 'b', 'b');
    for (const load of loads.slice(0, 1)) load.isDown = true;
    expect(shareOfA(loads)).toBeCloseTo(2 / 3, 1);
    expect(shareOfA(loads, { zone: { headroom: 2 } })).toBe(1);
  });

  it('give away everything when none of their instances can be asked', () => {
    const loads = inZones('a', 'a', 'b', 'b');
    for (const load of loads.slice(0, 2)) load.isDown = true;
    expect(shareOfA(loads)).toBe(0);
  });

  it('send one that is new and alone in its zone its share little by little too', () => {
    const loads = inZones('a', 'b', 'b', 'c', 'c');
    loads[0]?.startSlowly({ windowMs: 1_000, fromShare: 0.1 }, NOW_MS);
    expect(shareOfA(loads)).toBeLessThan(0.1);
    const half = shareOfA(loads, {}, 'a', NOW_MS + 500);
    expect(half).toBeGreaterThan(0.2);
    expect(half).toBeLessThan(0.5);
    expect(shareOfA(loads, {}, 'a', NOW_MS + 1_000)).toBeCloseTo(3 / 5, 1);
  });

  it('decide nothing where the caller has no zone, is alone in it or does not want it', () => {
    expect(shareOfA(inZones('a', 'b'), {}, 'z')).toBeCloseTo(0.5, 1);
    expect(shareOfA(inZones('a', 'b'), { zone: { prefer: false } })).toBeCloseTo(0.5, 1);
    const choice = new Choice(inZones('a', 'b'), parseBalance({}), { identity: 'me' });
    expect(choice.pick(anAsk())).toBeDefined();
  });

  it('load every instance the same when callers are spread evenly', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 }), (sizes) => {
        const wholeWeight = sizes.reduce((sum, size) => sum + size, 0);
        for (const ownWeight of sizes) {
          const share = ownZoneShare({ ownWeight, wholeWeight, zones: sizes.length }, 1);
          // Of what a zone's callers send, its own instances never get more than an even spread over all would give.
          expect(share / sizes.length / ownWeight).toBeLessThanOrEqual(1 / wholeWeight + 1e-9);
        }
      }),
    );
  });
});

describe('a choice', () => {
  it('is one whenever one is not excluded and has weight, under any balance', () => {
    const anyBalance = fc.record({
      algorithm: fc.constantFrom('p2c', 'round-robin', 'least-request', 'ring-hash'),
      subset: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(anyLoads, anyBalance, fc.nat(8), fc.string(), (loads, balance, out, key) => {
        for (const [at, load] of loads.entries()) load.moved({ ...load.instance, zone: at % 2 === 0 ? 'a' : 'b' });
        const choice = new Choice(loads, parseBalance(balance as BalanceInput), { identity: 'me', zone: 'a' });
        const exclude = new Set([`i${out}`]);
        const open = loads.filter(({ instance }) => instance.weight > 0 && !exclude.has(instance.id));
        const well = open.filter((load) => load.isOpen(NOW_MS));
        const chosen = choice.pick(anAsk({ key, exclude }));
        if (well.length > 0) expect(well).toContain(chosen);
        else if (open.length > 0) expect(open).toContain(chosen);
        else expect(chosen).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  it('stays in the subset of its caller, and leaves it only when nobody there can be asked', () => {
    const loads = inZones(...Array.from({ length: 40 }, () => 'b'));
    const choice = new Choice(loads, parseBalance({ subset: 5 }), { identity: 'me' });
    const random = seeded(9);
    const asked = () => new Set(Array.from({ length: 500 }, () => choice.pick(anAsk({ random }))));
    const subset = asked();
    expect(subset.size).toBe(5);
    for (const load of subset) if (load) load.isDown = true;
    const others = asked();
    expect(others.size).toBeGreaterThan(20);
    expect([...others].some((load) => subset.has(load))).toBe(false);
  });

  it('keeps a key in its place while the zone gives some of its calls away', () => {
    const choice = new Choice(inZones('a', 'b', 'b', 'b'), parseBalance('maglev'), { identity: 'me', zone: 'a' });
    const random = seeded(4);
    for (const key of ['one', 'two', 'three', 'four', 'five']) {
      const taken = new Set(Array.from({ length: 50 }, () => choice.pick(anAsk({ key, random }))));
      expect(taken.size).toBe(1);
    }
  });
});
