import { setTimeout as pause } from 'node:timers/promises';
import type { Coordination, Holder, Lock } from './coordination.ts';
import { errors, isTimeout } from './errors.ts';

export interface BarrierOptions {
  /** Give up after this, in ms; 30000. */
  waitMs?: number;
  /** A party that does not answer for so long no longer counts, in ms; 10000. */
  leaseMs?: number;
}

const [SHORTEST_MS, LONGEST_MS] = [20, 200];
/** The state counts the changes within a generation below this, the generations above. */
const GENERATION = 2 ** 20;
const generationOf = (state: number): number => Math.floor(state / GENERATION);
const MOST_PARTIES = 1_000;

/**
 * Opens when `parties` processes wait at it at the same time. Each holds one of as many places, a lock whose owner says for
 * which generation; whoever takes the last place moves the generation on, in one compare-and-set of the barrier's state.
 * Who gives up first changes the state too, so that nobody passes on the strength of a party that has left. A party that
 * dies leaves its place when its lease is over.
 */
export class Barrier {
  constructor(
    private readonly coordination: Pick<Coordination, 'acquire' | 'holder' | 'read' | 'compareAndSet'>,
    readonly name: string,
    readonly parties: number,
  ) {
    if (!Number.isSafeInteger(parties) || parties < 1 || parties > MOST_PARTIES) throw errors.badParties(name, parties);
  }

  /** Resolves when the barrier has opened, to how often it has opened before. */
  async wait({ waitMs = 30_000, leaseMs = 10_000 }: BarrierOptions = {}): Promise<number> {
    const endsAtMs = performance.now() + waitMs;
    for (;;) {
      const generation = generationOf(await this.#state());
      const place = await this.#takePlace(generation, leaseMs);
      if (place) return await this.#waitAt(place, generation, endsAtMs, waitMs);
      if (performance.now() >= endsAtMs) throw errors.timeout(`the barrier ${this.name}`, waitMs);
      await pause(SHORTEST_MS + Math.random() * SHORTEST_MS);
    }
  }

  async #waitAt(place: Lock, generation: number, endsAtMs: number, waitMs: number): Promise<number> {
    try {
      let pauseMs = SHORTEST_MS;
      await this.#openWhenFull(generation);
      while (generationOf(await this.#state()) === generation) {
        if (!place.held) throw place.signal.reason;
        if (performance.now() >= endsAtMs) {
          if (await this.#leave(place, generation)) throw errors.timeout(`the barrier ${this.name}`, waitMs);
          break;
        }
        await pause(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(pauseMs * 1.5, LONGEST_MS);
      }
      return generation;
    } finally {
      await place.release();
    }
  }

  /** A free place, which counts for the generation; undefined where there is none, or the generation is over by then. */
  async #takePlace(generation: number, leaseMs: number): Promise<Lock | undefined> {
    const first = Math.floor(Math.random() * this.parties);
    for (let step = 0; step < this.parties; step++) {
      const name = this.#place((first + step) % this.parties);
      if (await this.coordination.holder(name)) continue;
      try {
        const lock = await this.coordination.acquire(name, { waitMs: 0, leaseMs, owner: String(generation) });
        if (generationOf(await this.#state()) === generation) return lock;
        await lock.release();
        return undefined;
      } catch (error) {
        if (!isTimeout(error)) throw error;
      }
    }
    return undefined;
  }

  /** Two looks with the same answer, and a state that did not change from before them: all were there at once. */
  async #openWhenFull(generation: number): Promise<void> {
    for (;;) {
      const state = await this.#state();
      if (generationOf(state) !== generation) return;
      const [first, second] = [await this.#holders(generation), await this.#holders(generation)];
      if (first.some((token, at) => token === undefined || token !== second[at])) return;
      if (await this.#set(state, (generation + 1) * GENERATION)) return;
    }
  }

  /** Answers false when the barrier has opened after all. */
  async #leave(place: Lock, generation: number): Promise<boolean> {
    await place.release();
    for (;;) {
      const state = await this.#state();
      if (generationOf(state) !== generation) return false;
      if (await this.#set(state, state + 1)) return true;
    }
  }

  #holders(generation: number): Promise<Array<bigint | undefined>> {
    const tokenOf = (holder: Holder | undefined) => (holder?.owner === String(generation) ? holder.token : undefined);
    const places = Array.from({ length: this.parties }, (_, at) => this.#place(at));
    return Promise.all(places.map(async (place) => tokenOf(await this.coordination.holder(place))));
  }

  #place(at: number): string {
    return `barrier/${this.name}/${at}`;
  }

  #state(): Promise<number> {
    return this.coordination.read(`barrier/${this.name}`);
  }

  #set(expected: number, next: number): Promise<boolean> {
    return this.coordination.compareAndSet(`barrier/${this.name}`, expected, next);
  }
}
