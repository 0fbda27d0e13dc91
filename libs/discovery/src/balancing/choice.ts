import { ALGORITHMS, type Pick } from './algorithms.ts';
import type { Ask } from './ask.ts';
import type { Balance } from './balance.ts';
import { drawExactly } from './draw.ts';
import { fraction, mixed } from './hash.ts';
import type { InstanceLoad } from './instance-load.ts';
import { subsetOf } from './subset.ts';
import { ownZoneShare } from './zone-share.ts';

/** How long the share of the own zone stands before it is worked out anew. */
const SHARE_STANDS_MS = 100;

/** Who asks. */
export interface Caller {
  /** Unique among those that call the service. */
  identity: string;
  zone?: string | undefined;
}

/** Chooses of one set of instances: the caller's subset, its zone first, by the algorithm. Made anew when the set changes. */
export class Choice {
  readonly #headroom: number;
  /** Of the own zone, and of the rest, or of all where zones do not matter. */
  readonly #own: Pick | undefined;
  readonly #rest: Pick | undefined;
  readonly #ownLoads: readonly InstanceLoad[];
  readonly #restLoads: readonly InstanceLoad[];
  readonly #outside: readonly InstanceLoad[];
  readonly #zones: number;
  #share = 1;
  #shareAtMs = Number.NEGATIVE_INFINITY;

  constructor(all: readonly InstanceLoad[], balance: Balance, { identity, zone }: Caller) {
    const loads = all.filter(({ instance }) => instance.weight > 0);
    const here = ({ instance }: InstanceLoad) => balance.zone.prefer && zone !== undefined && instance.zone === zone;
    const own = loads.filter(here);
    const rest = loads.filter((load) => !here(load));
    const sizeOf = (part: readonly InstanceLoad[]) =>
      balance.subset === undefined ? part.length : Math.ceil((balance.subset * part.length) / loads.length);
    this.#ownLoads = subsetOf(own, identity, sizeOf(own));
    this.#restLoads = subsetOf(rest, identity, sizeOf(rest));
    const inside = new Set([...this.#ownLoads, ...this.#restLoads]);
    this.#outside = loads.filter((load) => !inside.has(load));
    this.#zones = new Set(loads.map(({ instance }) => instance.zone)).size;
    this.#headroom = balance.zone.headroom;
    const prepare = (part: readonly InstanceLoad[]) =>
      part.length === 0 ? undefined : ALGORITHMS[balance.algorithm](part, balance);
    this.#own = prepare(this.#ownLoads);
    this.#rest = prepare(this.#restLoads);
  }

  /** One that can be asked; when there is none, one that is not excluded. */
  pick(ask: Ask): InstanceLoad | undefined {
    ask.anyone = false;
    const open =
      this.#inside(ask) ?? (this.#outside.length > 0 ? drawExactly(this.#outside, ask, ask.random()) : undefined);
    if (open) return open;
    ask.anyone = true;
    return this.#inside(ask) ?? drawExactly(this.#outside, ask, ask.random());
  }

  #inside(ask: Ask): InstanceLoad | undefined {
    if (this.#own === undefined) return this.#rest?.(ask);
    if (this.#rest === undefined) return this.#own(ask);
    // A key stays where it is while the share stands.
    const point = ask.hash < 0 ? ask.random() : fraction(mixed(ask.hash ^ 0x2545f491));
    return point < this.#ownShare(ask) ? (this.#own(ask) ?? this.#rest(ask)) : (this.#rest(ask) ?? this.#own(ask));
  }

  #ownShare({ nowMs }: Ask): number {
    if (nowMs - this.#shareAtMs >= SHARE_STANDS_MS) {
      const ownWeight = openWeight(this.#ownLoads, nowMs);
      const wholeWeight = ownWeight + openWeight(this.#restLoads, nowMs);
      this.#share = ownZoneShare({ ownWeight, wholeWeight, zones: this.#zones }, this.#headroom);
      this.#shareAtMs = nowMs;
    }
    return this.#share;
  }
}

function openWeight(loads: readonly InstanceLoad[], nowMs: number): number {
  let sum = 0;
  for (const load of loads) if (load.isOpen(nowMs)) sum += load.weight(nowMs);
  return sum;
}
