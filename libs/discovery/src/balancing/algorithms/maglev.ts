import type { Algorithm } from '../algorithm.ts';
import { firstOwner } from '../by-key.ts';
import { type Drawable, drawExactly } from '../draw.ts';
import { fraction, hashOf, mixed } from '../hash.ts';
import type { InstanceLoad } from '../instance-load.ts';
import { p2c } from './p2c.ts';

/** A prime, far above the number of instances: each gets its share to within a percent or so. */
const SLOTS = 65_537;

interface Table {
  readonly loads: readonly InstanceLoad[];
  readonly owners: Int32Array;
  readonly bound: number | undefined;
  readonly keyless: Drawable;
}

/**
 * Maglev's consistent hash: one look into a table that every instance fills in an order of its own. More even than a
 * ring, and a little less calm when one joins or leaves. A call without a key goes by {@link p2c}.
 */
export const maglev: Algorithm<Table> = {
  prepare(given, { boundedLoad }) {
    const loads = given.toSorted((a, b) => (a.instance.id < b.instance.id ? -1 : 1));
    return { loads, owners: filled(loads), bound: boundedLoad, keyless: p2c.prepare(loads, {}) };
  },
  pick({ loads, owners, bound, keyless }, ask) {
    if (ask.hash < 0) return p2c.pick(keyless, ask);
    // The number of slots is a prime: any step visits each of them.
    const step = 1 + (mixed(ask.hash) % (SLOTS - 1));
    let slot = ask.hash % SLOTS;
    const next = () => {
      const load = loads[owners[slot] ?? 0];
      slot = (slot + step) % SLOTS;
      return load;
    };
    // One whose weight is next to nothing beside the others' may have no slot at all.
    return firstOwner(next, SLOTS, loads, ask, bound) ?? drawExactly(loads, ask, fraction(ask.hash));
  },
};

/** Each in turn, as often as its weight says, takes the next slot of its own order that is free. */
function filled(loads: readonly InstanceLoad[]): Int32Array {
  const owners = new Int32Array(SLOTS).fill(-1);
  const heaviest = Math.max(...loads.map(({ instance }) => instance.weight));
  const orders = loads.map(({ instance: { id, weight } }) => {
    const hash = hashOf(id);
    return { slot: hash % SLOTS, step: 1 + (mixed(hash ^ 0x5bd1e995) % (SLOTS - 1)), share: weight / heaviest, due: 0 };
  });
  for (let free = SLOTS; free > 0; ) {
    for (const [owner, order] of orders.entries()) {
      order.due += order.share;
      if (order.due < 1) continue;
      order.due -= 1;
      while (owners[order.slot] !== -1) order.slot = (order.slot + order.step) % SLOTS;
      owners[order.slot] = owner;
      if (--free === 0) break;
    }
  }
  return owners;
}
