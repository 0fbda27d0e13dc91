import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../discovery.ts';
import { choose } from './choose.ts';
import { FIRST_PENALTY_MS, InstanceLoad, LONGEST_PENALTY_MS } from './instance-load.ts';

const NOW_MS = 1_000_000;
const instance = (id: string, weight = 1): Instance => ({
  id,
  service: 'orders',
  address: '127.0.0.1',
  port: 3_000,
  weight,
  metadata: {},
});
const idle = (...weights: number[]) => weights.map((weight, at) => new InstanceLoad(instance(`i${at}`, weight)));

/** A good small generator with a seed, so that a failure repeats. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function counts(loads: InstanceLoad[], picks: number, random: () => number, exclude?: ReadonlySet<string>) {
  const count = new Map(loads.map(({ instance: { id } }) => [id, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const id = choose(loads, NOW_MS, random, exclude)?.instance.id;
    if (id !== undefined) count.set(id, (count.get(id) ?? 0) + 1);
  }
  return [...count.values()];
}

/** Any state that calls can leave an instance in. */
const anyLoad = fc
  .record({
    weight: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 100, noNaN: true })),
    running: fc.nat(50),
    latencies: fc.array(fc.tuple(fc.nat(10_000), fc.boolean()), { maxLength: 5 }),
  })
  .map(({ weight, running, latencies }) => {
    const load = new InstanceLoad(instance('', weight));
    for (const [at, [latencyMs, ok]] of latencies.entries()) load.end(latencyMs, ok, NOW_MS - 5_000 + at * 1_000);
    for (let begun = 0; begun < running; begun++) load.begin();
    return load;
  });
const anyLoads = fc
  .array(anyLoad, { maxLength: 8 })
  .map((loads) => loads.map((load, at) => load.moved({ ...load.instance, id: `i${at}` })));
const anyRandom = fc.integer().map(seeded);

describe('choosing an instance', () => {
  it('never takes one that is excluded or has weight 0, and always one when there is one', () => {
    fc.assert(
      fc.property(anyLoads, anyRandom, fc.uniqueArray(fc.nat(8)), (loads, random, out) => {
        const exclude = new Set(out.map((at) => `i${at}`));
        const open = loads.filter(({ instance: { id, weight } }) => weight > 0 && !exclude.has(id));
        const chosen = choose(loads, NOW_MS, random, exclude);
        if (open.length === 0) expect(chosen).toBeUndefined();
        else expect(open).toContain(chosen);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves one alone that failed, while there is another', () => {
    fc.assert(
      fc.property(anyLoads, anyRandom, (loads, random) => {
        const chosen = choose(loads, NOW_MS, random);
        const well = loads.some((load) => load.instance.weight > 0 && !load.avoided(NOW_MS));
        if (chosen && well) expect(chosen.avoided(NOW_MS)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('gives idle instances their share by weight', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 6 }), (seed, size) => {
        const picks = 6_000;
        const shares = counts(idle(...Array.from({ length: size }, () => 1)), picks, seeded(seed));
        for (const share of shares) expect(share / picks).toBeCloseTo(1 / size, 1);
      }),
      { numRuns: 20 },
    );
    const [once = 0, thrice = 0] = counts(idle(1, 3), 20_000, seeded(7));
    expect(thrice / once).toBeCloseTo(3, 0);
  });

  it('spreads running calls evenly by weight', () => {
    const loads = idle(1, 1, 2);
    const random = seeded(3);
    for (let call = 0; call < 400; call++) choose(loads, NOW_MS, random)?.begin();
    const [a = 0, b = 0, twice = 0] = loads.map(({ running }) => running);
    for (const ratio of [a / 100, b / 100, twice / 200]) expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
  });

  it('prefers the faster of two, and comes back to the slower when time has passed', () => {
    const [slow, fast] = idle(1, 1) as [InstanceLoad, InstanceLoad];
    for (let call = 0; call < 20; call++) {
      slow.end(200, true, NOW_MS);
      fast.end(5, true, NOW_MS);
    }
    const [toSlow = 0] = counts([slow, fast], 1_000, seeded(1));
    expect(toSlow).toBe(0);
    const later = Array.from({ length: 200 }, () => choose([slow, fast], NOW_MS + 60_000, Math.random));
    expect(later).toContain(slow);
  });

  it('allows only one call at a time to an instance that comes out of its penalty', () => {
    const [back, well] = idle(1, 1) as [InstanceLoad, InstanceLoad];
    back.end(1, false, NOW_MS - FIRST_PENALTY_MS);
    const chosen = () => choose([back, well], NOW_MS, () => 0);
    expect(chosen()).toBe(back);
    back.begin();
    expect(chosen()).toBe(well);
    back.end(0, true, NOW_MS);
    expect(chosen()).toBe(back);
  });
});

describe('the load of an instance', () => {
  it('is avoided at once after a failure, longer after each further one, up to a limit', () => {
    const [load] = idle(1) as [InstanceLoad];
    let nowMs = NOW_MS;
    for (let failure = 0; failure < 10; failure++) {
      load.end(1, false, nowMs);
      const penaltyMs = load.avoidedUntilMs - nowMs;
      expect(penaltyMs).toBe(Math.min(FIRST_PENALTY_MS * 2 ** failure, LONGEST_PENALTY_MS));
      nowMs = load.avoidedUntilMs;
    }
  });

  it('counts calls that fail together as one failure', () => {
    const [load] = idle(1) as [InstanceLoad];
    for (let call = 0; call < 50; call++) load.end(1, false, NOW_MS);
    expect(load.failures).toBe(1);
  });

  it('never counts fewer than no running calls', () => {
    const [load] = idle(1) as [InstanceLoad];
    load.end(1, true, NOW_MS);
    expect(load.running).toBe(0);
  });
});
