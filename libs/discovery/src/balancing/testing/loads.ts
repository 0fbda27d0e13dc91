import fc from 'fast-check';
import type { Instance } from '../../discovery.ts';
import { ALGORITHMS, type AlgorithmName } from '../algorithms.ts';
import { type Ask, NO_HASH } from '../ask.ts';
import { DEFAULT_BALANCE } from '../balance.ts';
import { hashOf } from '../hash.ts';
import { InstanceLoad } from '../instance-load.ts';
import { Outliers } from '../outliers.ts';

export const NOW_MS = 1_000_000;

export const anInstanceOf = (id: string, weight = 1, zone?: string): Instance => ({
  id,
  service: 'orders',
  address: '127.0.0.1',
  port: 3_000,
  weight,
  metadata: {},
  ...(zone !== undefined && { zone }),
});

/** Instances `i0`, `i1` … of these weights, that nobody has called. */
export const idle = (...weights: number[]): InstanceLoad[] =>
  weights.map((weight, at) => new InstanceLoad(anInstanceOf(`i${at}`, weight)));

export const idleOnes = (count: number): InstanceLoad[] => idle(...Array.from({ length: count }, () => 1));

/** A good small generator with a seed, so that a failure repeats. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const anAsk = (facts: Partial<Ask> & { key?: string } = {}): Ask => ({
  nowMs: NOW_MS,
  random: seeded(1),
  exclude: undefined,
  hash: facts.key === undefined ? NO_HASH : hashOf(facts.key),
  turn: 0,
  anyone: false,
  ...facts,
});

/** One choice after another, a turn each. */
export function chooser(name: AlgorithmName, loads: readonly InstanceLoad[], boundedLoad?: number) {
  const open = loads.filter(({ instance }) => instance.weight > 0);
  const pick = open.length === 0 ? () => undefined : ALGORITHMS[name](open, { boundedLoad });
  let turn = 0;
  return (facts: Parameters<typeof anAsk>[0] = {}) => pick(anAsk({ turn: turn++, ...facts }));
}

/** How often each is chosen. */
export function counts(
  loads: readonly InstanceLoad[],
  choose: (pick: number) => InstanceLoad | undefined,
  picks: number,
): number[] {
  const count = new Map(loads.map((load) => [load, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const load = choose(pick);
    if (load) count.set(load, (count.get(load) ?? 0) + 1);
  }
  return [...count.values()];
}

/** Any state that calls can leave an instance in. */
const anyLoad = fc
  .record({
    weight: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 100, noNaN: true })),
    running: fc.nat(50),
    isDown: fc.boolean(),
    isNew: fc.boolean(),
    latencies: fc.array(fc.tuple(fc.nat(10_000), fc.boolean()), { maxLength: 5 }),
  })
  .map(({ weight, running, isDown, isNew, latencies }) => {
    const load = new InstanceLoad(anInstanceOf('', weight));
    const outliers = new Outliers(DEFAULT_BALANCE.ejection, 0);
    for (const [at, [latencyMs, ok]] of latencies.entries()) {
      const nowMs = NOW_MS - 5_000 + at * 1_000;
      load.end(latencyMs, ok, nowMs);
      outliers.ended(load, [load], nowMs);
    }
    for (let begun = 0; begun < running; begun++) load.begin();
    if (isNew) load.startSlowly({ windowMs: 1_000, fromShare: 0.1 }, NOW_MS - 300);
    load.isDown = isDown;
    return load;
  });

export const anyLoads = fc
  .array(anyLoad, { maxLength: 8 })
  .map((loads) => loads.map((load, at) => load.moved({ ...load.instance, id: `i${at}` })));
export const anyRandom = fc.integer().map(seeded);
