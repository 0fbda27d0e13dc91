import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InstanceLoad } from '../instance-load.ts';
import { anyRandom, chooser, counts, idle, idleOnes, NOW_MS } from '../testing/loads.ts';

const KEYS = Array.from({ length: 2_000 }, (_, at) => `user-${at}`);

type ByKey = 'ring-hash' | 'maglev';
const owners = (name: ByKey, loads: readonly InstanceLoad[]) => {
  const choose = chooser(name, loads);
  return KEYS.map((key) => choose({ key })?.instance.id);
};

describe.each([
  ['ring-hash', 0],
  // Its table is filled anew: a few keys move that need not.
  ['maglev', 0.05],
] as const)('%s', (name, restlessness) => {
  it('takes the same instance for the same key, whatever the order in which instances are known', () => {
    const loads = idleOnes(7);
    expect(owners(name, loads)).toEqual(owners(name, loads.toReversed()));
  });

  it('moves the keys of one that leaves, and hardly any other; those of one that joins come from all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 12 }), fc.nat(), (size, which) => {
        const loads = idleOnes(size);
        const gone = loads[which % size] as InstanceLoad;
        const before = owners(name, loads);
        const after = owners(
          name,
          loads.filter((load) => load !== gone),
        );
        const moved = before.filter((owner, at) => owner !== gone.instance.id && owner !== after[at]);
        expect(moved.length / KEYS.length).toBeLessThanOrEqual(restlessness);
        const took = new Set(after.filter((_, at) => before[at] === gone.instance.id));
        expect(took.size).toBeGreaterThanOrEqual(Math.min(size - 1, 2));
      }),
      { numRuns: 8 },
    );
  });

  it('moves only the keys of one that is ejected, and gives them back', () => {
    const loads = idleOnes(5);
    const before = owners(name, loads);
    const [out] = loads as [InstanceLoad];
    out.isDown = true;
    const meanwhile = owners(name, loads);
    for (const [at, owner] of before.entries()) {
      if (owner === out.instance.id) expect(meanwhile[at]).not.toBe(owner);
      else expect(meanwhile[at]).toBe(owner);
    }
    out.isDown = false;
    expect(owners(name, loads)).toEqual(before);
  });

  it('gives one that has just come in its keys little by little, each of which moves there once', () => {
    const loads = idleOnes(5);
    const [fresh] = loads as [InstanceLoad];
    const [whole, without] = [owners(name, loads), owners(name, loads.slice(1))];
    fresh.startSlowly({ windowMs: 1_000, fromShare: 0.1 }, NOW_MS);
    const choose = chooser(name, loads);
    let there = new Set<string>();
    for (const [ageMs, warmth] of [
      [0, 0.1],
      [500, 0.55],
      [900, 0.91],
    ] as const) {
      const now = KEYS.map((key) => choose({ key, nowMs: NOW_MS + ageMs })?.instance.id);
      const moved = new Set(KEYS.filter((_, at) => now[at] === 'i0'));
      expect(Math.abs(moved.size / whole.filter((id) => id === 'i0').length - warmth)).toBeLessThan(0.1);
      expect([...there].filter((key) => !moved.has(key))).toEqual([]);
      // On the ring the next owner is the one before: no other key moves, and none twice.
      if (name === 'ring-hash') expect(now).toEqual(without.map((id, at) => (now[at] === 'i0' ? 'i0' : id)));
      for (const [at, id] of whole.entries()) if (id !== 'i0') expect(now[at]).toBe(id);
      there = moved;
    }
    expect(KEYS.map((key) => choose({ key, nowMs: NOW_MS + 1_000 })?.instance.id)).toEqual(whole);
  });

  it('takes a new one that is alone at once', () => {
    const [only] = idleOnes(1) as [InstanceLoad];
    only.startSlowly({ windowMs: 1_000, fromShare: 0.1 }, NOW_MS);
    expect(new Set(owners(name, [only]))).toEqual(new Set(['i0']));
  });

  it('finds one that weighs next to nothing when the others are out', () => {
    const [heavy, light] = idle(1_000_000, 0.01) as [InstanceLoad, InstanceLoad];
    heavy.isDown = true;
    const choose = chooser(name, [heavy, light]);
    for (const key of KEYS.slice(0, 20)) expect(choose({ key })).toBe(light);
  });

  it('gives each its share of the keys by weight', () => {
    const loads = idle(1, 1, 2, 4);
    const choose = chooser(name, loads);
    const shares = counts(loads, (pick) => choose({ key: `key-${pick}` }), 8_000);
    for (const [at, weight] of [1, 1, 2, 4].entries())
      expect(Math.abs((shares[at] ?? 0) / 8_000 - weight / 8)).toBeLessThan(0.06);
  });

  it('never gives an instance more than its bound, however crowded a key is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 1.01, max: 3, noNaN: true }),
        fc.array(fc.oneof(fc.constant('crowd'), fc.string()), { minLength: 1, maxLength: 200 }),
        fc.array(fc.nat(), { maxLength: 50 }),
        (weights, bound, keys, ends) => {
          const loads = idle(...weights);
          const whole = weights.reduce((sum, weight) => sum + weight, 0);
          const choose = chooser(name, loads, bound);
          for (const [at, key] of keys.entries()) {
            const load = choose({ key });
            expect(load).toBeDefined();
            load?.begin();
            const running = loads.reduce((sum, each) => sum + each.running, 0);
            expect(load?.running).toBeLessThanOrEqual(
              Math.ceil((bound * running * (load?.instance.weight ?? 0)) / whole),
            );
            const ended = loads[(ends[at] ?? 0) % loads.length];
            if (at < ends.length && ended && ended.running > 0) ended.end(1, true, NOW_MS);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('goes by the load where a call has no key', () => {
    fc.assert(
      fc.property(anyRandom, (random) => {
        const [busy, free] = idle(1, 1) as [InstanceLoad, InstanceLoad];
        for (let call = 0; call < 9; call++) busy.begin();
        expect(chooser(name, [busy, free])({ random })).toBe(free);
      }),
      { numRuns: 10 },
    );
  });
});
