import type { Algorithm } from '../algorithm.ts';
import { firstOwner } from '../by-key.ts';
import type { Drawable } from '../draw.ts';
import { hashOf, mixed } from '../hash.ts';
import type { InstanceLoad } from '../instance-load.ts';
import { p2c } from './p2c.ts';

/** Points on the ring of the heaviest instance; the others have as many as their weight says. */
const MOST_POINTS = 160;
/** A point and its owner are sorted as one number: 32 bits and 16. */
const OWNERS = 2 ** 16;

interface Ring {
  readonly loads: readonly InstanceLoad[];
  /** Where the points are, in order, and whose they are. */
  readonly points: Uint32Array;
  readonly owners: Uint16Array;
  readonly bound: number | undefined;
  readonly keyless: Drawable;
}

/**
 * Consistent hash on a ring: a key belongs to the instance whose point comes next. One that joins or leaves moves only
 * its own keys. A call without a key goes by {@link p2c}.
 */
export const ringHash: Algorithm<Ring> = {
  prepare(given, { boundedLoad }) {
    const loads = given.toSorted((a, b) => (a.instance.id < b.instance.id ? -1 : 1)).slice(0, OWNERS);
    const heaviest = Math.max(...loads.map(({ instance }) => instance.weight));
    const sorted = Float64Array.from(
      loads.flatMap(({ instance: { id, weight } }, owner) => {
        const base = hashOf(id);
        const points = Math.max(1, Math.round((MOST_POINTS * weight) / heaviest));
        return Array.from({ length: points }, (_, at) => mixed(base + Math.imul(at, 0x9e3779b1)) * OWNERS + owner);
      }),
    ).sort();
    return {
      loads,
      points: Uint32Array.from(sorted, (point) => Math.floor(point / OWNERS)),
      owners: Uint16Array.from(sorted, (point) => point % OWNERS),
      bound: boundedLoad,
      keyless: p2c.prepare(loads, {}),
    };
  },
  pick({ loads, points, owners, bound, keyless }, ask) {
    if (ask.hash < 0) return p2c.pick(keyless, ask);
    let at = firstFrom(points, ask.hash);
    const next = () => loads[owners[at++ % owners.length] ?? 0];
    return firstOwner(next, owners.length, loads, ask, bound);
  },
};

/** Index of the first of the sorted points that is not below `hash`. */
function firstFrom(points: Uint32Array, hash: number): number {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((points[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}
