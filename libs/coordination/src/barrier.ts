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

/** One party's place: it is the party's, and it counts for a generation. */
interface Place {
  taken: Lock;
  counted: Lock;
}

const counts = (place: string): string => `${place}/counts`;

function assertHeld(...locks: Lock[]): void {
  for (const lock of locks) if (!lock.held) throw lock.signal.reason;
}

/**
 * Opens when `parties` processes wait at it at the same time. Each takes one of as many places, a lock; sees that the
 * generation that it came for is still the present one; and says so by a second lock on the place, whose owner is that
 * generation. Whoever says so last moves the generation on, in one compare-and-set of the barrier's state. Only who has said
 * so counts, and nobody else can at a place that is taken: so a party that sees the generation move on while it holds its
 * place knows that it was counted. Who gives up first changes the state too, so that nobody passes on the strength of a
 * party that has left. A party that dies leaves its place when its lease is over.
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

  async #waitAt(place: Place, generation: number, endsAtMs: number, waitMs: number): Promise<number> {
    try {
      let pauseMs = SHORTEST_MS;
      await this.#openWhenFull(generation);
      while (generationOf(await this.#state()) === generation) {
        assertHeld(place.taken, place.counted);
        if (performance.now() >= endsAtMs) {
          if (await this.#leave(place, generation)) throw errors.timeout(`the barrier ${this.name}`, waitMs);
          return generation;
        }
        await pause(pauseMs * (0.5 + Math.random()));
        pauseMs = Math.min(pauseMs * 1.5, LONGEST_MS);
        // An engine's follower may have shown the last to come a state of before: now and then one of those who wait looks again.
        if (Math.random() * this.parties < 1) await this.#openWhenFull(generation);
      }
      assertHeld(place.taken, place.counted);
      return generation;
    } finally {
      await place.counted.release();
      await place.taken.release();
    }
  }

  /** A free place, which counts for the generation; undefined where there is none, or the generation is over by then. */
  async #takePlace(generation: number, leaseMs: number): Promise<Place | undefined> {
    const first = Math.floor(Math.random() * this.parties);
    for (let step = 0; step < this.parties; step++) {
      const name = this.#place((first + step) % this.parties);
      if (await this.coordination.holder(name)) continue;
      const taken = await this.#tryLock(name, generation, leaseMs);
      if (!taken) continue;
      try {
        const counted =
          generationOf(await this.#state()) === generation
            ? await this.#tryLock(counts(name), generation, leaseMs)
            : undefined;
        if (counted) return { taken, counted };
      } catch (error) {
        await taken.release();
        throw error;
      }
      await taken.release();
      return undefined;
    }
    return undefined;
  }

  async #tryLock(name: string, generation: number, leaseMs: number): Promise<Lock | undefined> {
    try {
      return await this.coordination.acquire(name, { waitMs: 0, leaseMs, owner: String(generation) });
    } catch (error) {
      if (isTimeout(error)) return undefined;
      throw error;
    }
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
  async #leave(place: Place, generation: number): Promise<boolean> {
    await place.counted.release();
    for (;;) {
      const state = await this.#state();
      assertHeld(place.taken);
      if (generationOf(state) !== generation) return false;
      if (await this.#set(state, state + 1)) return true;
    }
  }

  #holders(generation: number): Promise<Array<bigint | undefined>> {
    const tokenOf = (holder: Holder | undefined) => (holder?.owner === String(generation) ? holder.token : undefined);
    const places = Array.from({ length: this.parties }, (_, at) => this.#place(at));
    return Promise.all(places.map(async (place) => tokenOf(await this.coordination.holder(counts(place)))));
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
