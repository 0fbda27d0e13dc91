import type { Ask } from './ask.ts';
import type { InstanceLoad } from './instance-load.ts';

/** What an algorithm may be told besides the instances. */
export interface AlgorithmOptions {
  /** No instance gets more than this many times its share of the running calls; algorithms by key only. */
  boundedLoad?: number | undefined;
}

/** One way of choosing an instance. */
export interface Algorithm<Snapshot> {
  /** Works out once what a set of instances has. All of them have a weight above 0. */
  prepare(loads: readonly InstanceLoad[], options: AlgorithmOptions): Snapshot;
  /** The instance for one call, of those that {@link mayTake} allows. Pure, and leaves no garbage. */
  pick(snapshot: Snapshot, ask: Ask): InstanceLoad | undefined;
}
