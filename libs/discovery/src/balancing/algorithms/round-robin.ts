import type { Algorithm } from '../algorithm.ts';
import { mayTake } from '../ask.ts';
import type { InstanceLoad } from '../instance-load.ts';

/**
 * In turn, whatever the weights. The turns are those of the instances that may be taken: the neighbour of one that is
 * left out gets no more than the others.
 */
export const roundRobin: Algorithm<readonly InstanceLoad[]> = {
  prepare: (loads) => loads,
  pick(loads, ask) {
    let open = 0;
    for (const load of loads) if (mayTake(load, ask)) open++;
    if (open === 0) return undefined;
    let left = ask.turn % open;
    let passed: InstanceLoad | undefined;
    for (const load of loads) {
      if (!mayTake(load, ask) || left-- > 0) continue;
      const warmth = load.warmth(ask.nowMs);
      if (warmth === 1 || ask.random() < warmth) return load;
      passed ??= load;
    }
    return passed;
  },
};
