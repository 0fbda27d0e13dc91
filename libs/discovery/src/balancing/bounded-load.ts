import { type Ask, mayTake } from './ask.ts';
import type { InstanceLoad } from './instance-load.ts';

/**
 * Running calls that one unit of weight may have when one call more has begun: `bound` times the mean of the instances
 * that may be taken. There is always one below its limit.
 */
export function allowedPerWeight(loads: readonly InstanceLoad[], ask: Ask, bound: number): number {
  let running = 1;
  let weight = 0;
  for (const load of loads) {
    if (!mayTake(load, ask)) continue;
    running += load.running;
    weight += load.weight(ask.nowMs);
  }
  return (bound * running) / weight;
}

/** Whether one call more keeps an instance within its limit. */
export const hasRoom = (load: InstanceLoad, { nowMs }: Ask, perWeight: number): boolean =>
  load.running < Math.ceil(perWeight * load.weight(nowMs));
