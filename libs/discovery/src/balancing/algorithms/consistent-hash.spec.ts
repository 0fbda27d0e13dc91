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
