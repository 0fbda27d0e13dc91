import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALGORITHM_NAMES, type AlgorithmName } from './algorithms.ts';
import { anyLoads, anyRandom, chooser, counts, idle, idleOnes, NOW_MS, seeded } from './testing/loads.ts';

const anyCall = fc.record({ turn: fc.nat(1_000), key: fc.oneof(fc.constant('a'), fc.string()), random: anyRandom });

describe.each(ALGORITHM_NAMES)('%s', (name) => {
  it('never takes one that is excluded, down, ejected or has weight 0, and always one when there is one', () => {
    fc.assert(
      fc.property(anyLoads, anyCall, fc.uniqueArray(fc.nat(8)), fc.boolean(), (loads, call, out, anyone) => {
        const exclude = new Set(out.map((at) => `i${at}`));
        const open = loads.filter(
          (load) => load.instance.weight > 0 && !exclude.has(load.instance.id) && (anyone || load.isOpen(NOW_MS)),
        );
        const chosen = chooser(name, loads)({ ...call, exclude, anyone });
        if (open.length === 0) expect(chosen).toBeUndefined();
        else expect(open).toContain(chosen);
      }),
      // Its table takes a few milliseconds.
      { numRuns: name === 'maglev' ? 30 : 300 },
    );
  });

  it('gives instances that nobody has called the same share', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 6 }), (seed, size) => {
        const random = seeded(seed);
        const loads = idleOnes(size);
        const choose = chooser(name, loads);
        for (const share of counts(loads, () => choose({ random }), 6_000))
          expect(share / 6_000).toBeCloseTo(1 / size, 1);
      }),
      { numRuns: 10 },
    );
  });

  it('gives one that has just come in little by little its share', () => {
    const loads = idleOnes(4);
    loads[0]?.startSlowly({ windowMs: 1_000, fromShare: 0.1 }, NOW_MS);
    const random = seeded(5);
    const choose = chooser(name, loads);
    const shareAt = (nowMs: number) => (counts(loads, () => choose({ random, nowMs }), 8_000)[0] ?? 0) / 8_000;
    expect(shareAt(NOW_MS)).toBeLessThan(0.06);
    const half = shareAt(NOW_MS + 500);
    expect(half).toBeGreaterThan(0.06);
    expect(half).toBeLessThan(0.2);
    expect(shareAt(NOW_MS + 1_000)).toBeCloseTo(0.25, 1);
  });
});

const BY_WEIGHT: readonly AlgorithmName[] = ['p2c', 'least-request', 'weighted-round-robin', 'random'];

it.each(BY_WEIGHT)('%s gives idle instances their share by weight, also while one is left out', (name) => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 6 }),
      (seed, weights) => {
        const random = seeded(seed);
        const loads = idle(...weights);
        const [out] = loads;
        if (out) out.isDown = true;
        const choose = chooser(name, loads);
        const shares = counts(loads, () => choose({ random }), 6_000);
        const total = weights.slice(1).reduce((sum, weight) => sum + weight, 0);
        expect(shares[0]).toBe(0);
        // Drawing two different ones of few evens their shares out a little.
        const room = name === 'p2c' ? 0.12 : 0.05;
        for (const [at, share] of shares.entries())
          if (at > 0) expect(Math.abs(share / 6_000 - (weights[at] ?? 0) / total)).toBeLessThan(room);
      },
    ),
    { numRuns: 10 },
  );
});

it('round-robin takes each in turn, and the neighbour of one that is left out no more often than the others', () => {
  const loads = idle(1, 9, 1, 1);
  const choose = chooser('round-robin', loads);
  expect(Array.from({ length: 8 }, () => choose()?.instance.id)).toEqual([
    ...['i0', 'i1', 'i2', 'i3'],
    ...['i0', 'i1', 'i2', 'i3'],
  ]);
  const [, out] = loads;
  if (out) out.isDown = true;
  expect(counts(loads, () => choose(), 300)).toEqual([100, 0, 100, 100]);
});

it('weighted-round-robin never strays far from the shares, at no time', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 8 }), (weights) => {
      const loads = idle(...weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const choose = chooser('weighted-round-robin', loads);
      const taken = new Map(loads.map((load) => [load, 0]));
      for (let pick = 1; pick <= 500; pick++) {
        const load = choose();
        if (load) taken.set(load, (taken.get(load) ?? 0) + 1);
        for (const [each, count] of taken)
          expect(Math.abs(count - (pick * each.instance.weight) / total)).toBeLessThan(4);
      }
    }),
    { numRuns: 30 },
  );
});

it('least-request takes one with the fewest running calls for its weight', () => {
  fc.assert(
    fc.property(anyLoads, anyRandom, (loads, random) => {
      const chosen = chooser('least-request', loads)({ random });
      if (!chosen) return;
      const busyness = (load: typeof chosen) => load.running / load.weight(NOW_MS);
      for (const load of loads)
        if (load.instance.weight > 0 && load.isOpen(NOW_MS))
          expect(busyness(chosen)).toBeLessThanOrEqual(busyness(load));
    }),
  );
});
