import type { Worker } from 'node:cluster';
import { RookeryError } from '@rookery/observability';

const BEAT_MS = 1_000;
const LONGEST_SILENCE_MS = 3_600_000;
/** What a worker says as long as its loop turns. */
const ALIVE = 'worker.alive';

/** Reads GATEWAY_WORKER_SILENCE_MS: after how long a silent worker is ended; 0 for never, as a debugger wants it. */
export function longestSilenceMs({ GATEWAY_WORKER_SILENCE_MS = '10000' }: NodeJS.ProcessEnv): number {
  const ms = Number(GATEWAY_WORKER_SILENCE_MS);
  const isLongEnough = ms === 0 || (ms >= 2 * BEAT_MS && ms <= LONGEST_SILENCE_MS);
  if (/^\d+$/.test(GATEWAY_WORKER_SILENCE_MS) && isLongEnough) return ms;
  throw new RookeryError(
    'GATEWAY_WORKER_SILENCE_MS',
    `GATEWAY_WORKER_SILENCE_MS must be 0 (never), or from ${2 * BEAT_MS} to ${LONGEST_SILENCE_MS} ms.`,
  );
}

/** The worker's side: says every second that it lives. */
export function showLife(): void {
  setInterval(() => {
    if (process.connected) process.send?.({ type: ALIVE }, undefined, undefined, () => {});
  }, BEAT_MS).unref();
}

/**
 * The first process's side: finds workers whose loop stands still, which nobody from outside can tell from the others
 * behind the same port. One counts from its first sign on, so that its start may take as long as it takes.
 */
export class SignsOfLife {
  readonly #silenceMs: number;
  readonly #onSilent: (worker: Worker, silentMs: number) => void;
  readonly #heardAtMs = new Map<Worker, number>();
  #lookedAtMs = 0;

  /** @param onSilent hears of each such worker once. */
  constructor(silenceMs: number, onSilent: (worker: Worker, silentMs: number) => void) {
    this.#silenceMs = silenceMs;
    this.#onSilent = onSilent;
  }

  start(): void {
    if (this.#silenceMs === 0) return;
    this.#lookedAtMs = performance.now();
    // A look comes after what has arrived meanwhile was read.
    setInterval(() => setImmediate(() => this.#look()), BEAT_MS).unref();
  }

  hear(worker: Worker, message: { type?: string } | undefined): void {
    if (message?.type === ALIVE) this.#heardAtMs.set(worker, performance.now());
  }

  forget(worker: Worker): void {
    this.#heardAtMs.delete(worker);
  }

  #look(): void {
    const nowMs = performance.now();
    const stoodStillMs = nowMs - this.#lookedAtMs - BEAT_MS;
    this.#lookedAtMs = nowMs;
    for (const [worker, heardAtMs] of this.#heardAtMs) {
      const silentMs = nowMs - heardAtMs;
      if (stoodStillMs > BEAT_MS) {
        // Who did not run himself has nothing to say of others: they may have stood still with us.
        this.#heardAtMs.set(worker, nowMs);
      } else if (silentMs >= this.#silenceMs) {
        this.forget(worker);
        this.#onSilent(worker, silentMs);
      }
    }
  }
}
