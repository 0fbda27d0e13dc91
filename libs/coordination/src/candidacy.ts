import { setTimeout as pause } from 'node:timers/promises';
import { backOffMs, type ConnectionLog } from '@rookery/connections';
import type { AcquireOptions, Coordination, Lock } from './coordination.ts';
import { isClosed, isTimeout } from './errors.ts';

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
    private readonly log?: ConnectionLog,
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
      const lock = await this.#elected(signal);
      if (lock && (await this.#leadOnce(lock, signal))) failures = 0;
      else if (!signal.aborted) {
        failures++;
        await pause(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Undefined where the engine did not let it stand: it may later. */
  async #elected(signal: AbortSignal): Promise<Lock | undefined> {
    for (;;) {
      try {
        return await this.coordination.acquire(this.election, { ...this.options, waitMs: ROUND_MS, signal });
      } catch (error) {
        if (isTimeout(error) && !signal.aborted) continue;
        // Whoever was closed will not come back.
        if (isClosed(error)) this.#closed.abort();
        return undefined;
      }
    }
  }

  /** Answers false where `lead` failed. */
  async #leadOnce(lock: Lock, signal: AbortSignal): Promise<boolean> {
    this.#lock = lock;
    try {
      if (!signal.aborted) await this.lead(lock);
      return true;
    } catch (error) {
      // A leader that was told to stop may well throw.
      if (lock.held) this.log?.warn({ election: this.election, error }, 'leader failed, it stands again');
      return false;
    } finally {
      this.#lock = undefined;
      await lock.release();
    }
  }
}
