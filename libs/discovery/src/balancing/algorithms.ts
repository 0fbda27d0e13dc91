import type { Algorithm, AlgorithmOptions } from './algorithm.ts';
import { leastRequest } from './algorithms/least-request.ts';
import { maglev } from './algorithms/maglev.ts';
import { p2c } from './algorithms/p2c.ts';
import { random } from './algorithms/random.ts';
import { ringHash } from './algorithms/ring-hash.ts';
import { roundRobin } from './algorithms/round-robin.ts';
import { weightedRoundRobin } from './algorithms/weighted-round-robin.ts';
import type { Ask } from './ask.ts';
import type { InstanceLoad } from './instance-load.ts';

/** Names of the algorithms, as settings have them. */
export const ALGORITHM_NAMES = [
  'p2c',
  'least-request',
  'round-robin',
  'weighted-round-robin',
  'random',
  'ring-hash',
  'maglev',
] as const;

export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];

/** Those that take the same instance for the same key. */
export const BY_KEY: readonly AlgorithmName[] = ['ring-hash', 'maglev'];

/** Chooses of one set of instances. */
export type Pick = (ask: Ask) => InstanceLoad | undefined;

type Prepare = (loads: readonly InstanceLoad[], options: AlgorithmOptions) => Pick;

const prepared =
  <Snapshot>({ prepare, pick }: Algorithm<Snapshot>): Prepare =>
  (loads, options) => {
    const snapshot = prepare(loads, options);
    return (ask) => pick(snapshot, ask);
  };

/** Each algorithm, given the instances to choose of. */
export const ALGORITHMS: Readonly<Record<AlgorithmName, Prepare>> = {
  p2c: prepared(p2c),
  'least-request': prepared(leastRequest),
  'round-robin': prepared(roundRobin),
  'weighted-round-robin': prepared(weightedRoundRobin),
  random: prepared(random),
  'ring-hash': prepared(ringHash),
  maglev: prepared(maglev),
};
