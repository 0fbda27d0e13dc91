import type { Instance } from '@rookery/discovery';

interface Slot<C> {
  readonly connection: C;
  running: number;
  leaving: boolean;
}

/** A connection lent for one call. */
export interface Lent<C> {
  readonly connection: C;
  giveBack(): void;
}

/**
 * One connection to each instance, opened at the first call. Those of instances that have left are closed as soon as
 * their running calls end, so there are never more than instances and running calls.
 */
export class PerInstance<C> {
  readonly #slots = new Map<string, Slot<C>>();
  readonly #open: (instance: Instance) => C;
  readonly #close: (connection: C) => void;

  constructor(open: (instance: Instance) => C, close: (connection: C) => void) {
    this.#open = open;
    this.#close = close;
  }

  /** How many connections are held. */
  get size(): number {
    return this.#slots.size;
  }

  lend(instance: Instance): Lent<C> {
    const key = keyOf(instance);
    const slot = this.#slots.get(key) ?? { connection: this.#open(instance), running: 0, leaving: false };
    this.#slots.set(key, slot);
    slot.running++;
    return {
      connection: slot.connection,
      giveBack: () => {
        slot.running--;
        this.#closeIfUnused(key, slot);
      },
    };
  }

  /** Says which instances there are now. */
  keepOnly(instances: readonly Instance[]): void {
    const there = new Set(instances.map(keyOf));
    for (const [key, slot] of this.#slots) {
      slot.leaving = !there.has(key);
      this.#closeIfUnused(key, slot);
    }
  }

  /** Closes all at once, also under running calls. */
  close(): void {
    for (const slot of this.#slots.values()) this.#close(slot.connection);
    this.#slots.clear();
  }

  #closeIfUnused(key: string, slot: Slot<C>): void {
    if (!slot.leaving || slot.running > 0 || this.#slots.get(key) !== slot) return;
    this.#slots.delete(key);
    this.#close(slot.connection);
  }
}

/** An instance that comes back elsewhere under its id is another one to connect to. */
const keyOf = ({ id, address, port, grpcPort }: Instance): string => `${id} ${address} ${port} ${grpcPort ?? ''}`;
