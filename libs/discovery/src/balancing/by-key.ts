import { type Ask, mayTake } from './ask.ts';
import { allowedPerWeight, hasRoom } from './bounded-load.ts';
import { fraction, mixed } from './hash.ts';
import type { InstanceLoad } from './instance-load.ts';

/** Owners that are asked after one that is too new for the key; where all are, the first has it. */
const LOOKS = 64;

/**
 * The first of a key's owners that may be taken and has room. One that has just come in gets its keys little by little:
 * each key has a warmth of its own, from which on it is there, so that it moves once.
 * @param next the key's next owner; the same one may come again
 */
export function firstOwner(
  next: () => InstanceLoad | undefined,
  owners: number,
  loads: readonly InstanceLoad[],
  ask: Ask,
  bound: number | undefined,
): InstanceLoad | undefined {
  const perWeight = bound === undefined ? 0 : allowedPerWeight(loads, ask, bound);
  let tooNew: InstanceLoad | undefined;
  let last = owners;
  for (let nth = 0; nth < last; nth++) {
    const load = next();
    if (!load || !mayTake(load, ask) || (bound !== undefined && !hasRoom(load, ask, perWeight))) continue;
    if (isWarmFor(load, ask)) return load;
    if (tooNew === undefined) last = Math.min(owners, nth + LOOKS);
    tooNew ??= load;
  }
  return tooNew;
}

function isWarmFor(load: InstanceLoad, { hash, nowMs }: Ask): boolean {
  const warmth = load.warmth(nowMs);
  return warmth === 1 || fraction(mixed(hash ^ 0x3c6ef372)) < warmth;
}
