import { setTimeout as pause } from 'node:timers/promises';

/** What became of one call. Times count from when it was due, not from when the loop came to make it. */
export interface Outcome {
  readonly dueAtMs: number;
  readonly tookMs: number;
  /** Undefined for one that went well. */
  readonly error: unknown;
}

const TICK_MS = 2;

/** Makes `perSecond` calls a second, whether or not earlier ones have been answered, until {@link stop}. */
export class OpenLoop {
  readonly outcomes: Outcome[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #call: () => Promise<unknown>;
  readonly #gapMs: number;
  #running = true;
  readonly #loop: Promise<void>;

  constructor(perSecond: number, call: () => Promise<unknown>) {
    this.#gapMs = 1_000 / perSecond;
    this.#call = call;
    this.#loop = this.#run();
  }

  /** Makes no more calls, and waits for the end of each. */
  async stop(): Promise<readonly Outcome[]> {
    this.#running = false;
    await this.#loop;
    await Promise.all(this.#pending);
    return this.outcomes;
  }

  async #run(): Promise<void> {
    for (let dueAtMs = performance.now(); this.#running; await pause(TICK_MS)) {
      for (const nowMs = performance.now(); dueAtMs <= nowMs; dueAtMs += this.#gapMs) this.#make(dueAtMs);
    }
  }

  #make(dueAtMs: number): void {
    const ended = (error: unknown) => {
      this.outcomes.push({ dueAtMs, tookMs: performance.now() - dueAtMs, error });
      this.#pending.delete(one);
    };
    const one = this.#call().then(() => ended(undefined), ended);
    this.#pending.add(one);
  }
}
