import { setTimeout as pause } from 'node:timers/promises';
import { backOffMs } from '@rookery/connections';
import type { AcquireOptions, Coordination, Lock } from './coordination.ts';
import { isTimeout } from './errors.ts';

/** What a leader does: leads until the promise settles, or the lock's signal aborts. */
export type Lead = (lock: Lock) => Promise<void> | void;

/** A candidate keeps its place in the queue for so long, and then stands again. */
const ROUND_MS = 600_000;
const BACK_OFF = { baseMs: 200, capMs: 5_000 };

/** Stands for election again and again, until it is closed. One candidate leads at a time: the one that holds the lock. */
export class Candidacy {
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  #lock: Lock | undefined;

  constructor(
    private readonly coordination: Pick<Coordination, 'acquire'>,
    readonly election: string,
    private readonly lead: Lead,
    private readonly options: Omit<AcquireOptions, 'waitMs'> = {},
  ) {
    this.#running = this.#run();
  }

  get leading(): boolean {
    return this.#lock?.held ?? false;
  }

  /** Steps down where it leads, and stands no more. Resolves when `lead` has ended. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#lock?.release();
    await this.#running;
  }

  async #run(): Promise<void> {
    const closed = this.#closed.signal;
    const signal = this.options.signal ? AbortSignal.any([closed, this.options.signal]) : closed;
    let failures = 0;
    while (!signal.aborted) {
      try {
        this.#lock = await this.coordination.acquire(this.election, { ...this.options, waitMs: ROUND_MS, signal });
        failures = 0;
        await this.#leadOnce(this.#lock, signal);
      } catch (error) {
        if (isTimeout(error)) continue;
        // Whoever was closed will not come back; whoever cannot reach the engine, or whose `lead` failed, may.
        if ((error as { code?: string }).code === 'COORDINATION_CLOSED') return;
        failures++;
        await pause(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
      }
    }
  }

  async #leadOnce(lock: Lock, signal: AbortSignal): Promise<void> {
    try {
      if (!signal.aborted) await this.lead(lock);
    } finally {
      this.#lock = undefined;
      await lock.release();
    }
  }
}
