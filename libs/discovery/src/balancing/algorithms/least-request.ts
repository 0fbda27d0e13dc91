import type { Algorithm } from '../algorithm.ts';
import { type Ask, mayTake } from '../ask.ts';
import type { InstanceLoad } from '../instance-load.ts';

/** The one with the fewest running calls for its weight; of equals one by weight and chance. */
export const leastRequest: Algorithm<readonly InstanceLoad[]> = {
  prepare: (loads) => loads,
  pick(loads, ask) {
    let least = Number.POSITIVE_INFINITY;
    let total = 0;
    for (const load of loads) {
      if (!mayTake(load, ask)) continue;
      const busy = busyness(load, ask);
      if (busy > least) continue;
      if (busy < least) total = 0;
      least = busy;
      total += load.weight(ask.nowMs);
    }
    let left = ask.random() * total;
    let last: InstanceLoad | undefined;
    for (const load of loads) {
      if (!mayTake(load, ask) || busyness(load, ask) > least) continue;
      last = load;
      left -= load.weight(ask.nowMs);
      if (left < 0) return load;
    }
    return last;
  },
};

const busyness = (load: InstanceLoad, { nowMs }: Ask): number => load.running / load.weight(nowMs);
