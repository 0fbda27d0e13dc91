import { AliasTable } from './alias-table.ts';
import { type Ask, mayTake } from './ask.ts';
import type { InstanceLoad } from './instance-load.ts';

/** Draws in constant time before the whole list is looked at. */
const QUICK_TRIES = 6;

/** Instances that can be drawn by weight. */
export interface Drawable {
  readonly loads: readonly InstanceLoad[];
  readonly table: AliasTable;
}

export const drawable = (loads: readonly InstanceLoad[]): Drawable => ({
  loads,
  table: new AliasTable(loads.map(({ instance }) => instance.weight)),
});

/** One instance by weight of those that may be taken, never `except`. */
export function draw({ loads, table }: Drawable, ask: Ask, except?: InstanceLoad): InstanceLoad | undefined {
  for (let tries = 0; tries < QUICK_TRIES; tries++) {
    const load = loads[table.draw(ask.random())];
    if (!load || load === except || !mayTake(load, ask)) continue;
    const warmth = load.warmth(ask.nowMs);
    if (warmth === 1 || ask.random() < warmth) return load;
  }
  return drawExactly(loads, ask, ask.random(), except);
}

/** The same by looking at each: the one at `point`, in [0, 1), of the line on which each lies with its weight. */
export function drawExactly(
  loads: readonly InstanceLoad[],
  ask: Ask,
  point: number,
  except?: InstanceLoad,
): InstanceLoad | undefined {
  let total = 0;
  for (const load of loads) if (load !== except && mayTake(load, ask)) total += load.weight(ask.nowMs);
  let left = point * total;
  let last: InstanceLoad | undefined;
  for (const load of loads) {
    if (load === except || !mayTake(load, ask)) continue;
    last = load;
    left -= load.weight(ask.nowMs);
    if (left < 0) return load;
  }
  return last;
}
