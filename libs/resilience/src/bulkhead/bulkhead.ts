import { bulkheadFull } from '../errors.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

export interface BulkheadOptions {
  name?: string;
  /** Calls that run at once. */
  concurrency: number;
  /** Calls that may wait for a slot; 0 when not given. */
  queue?: number;
  /** Longest wait for a slot, in ms; 1000 when not given. */
  queueTimeoutMs?: number;
  /** What a refused caller is told to wait, in ms; 1000 when not given. */
  retryAfterMs?: number;
}

/** How long a caller waits for a slot. */
export interface SlotWait {
  signal?: AbortSignal | undefined;
  maxWaitMs?: number;
}

/** What happens to a call that arrives now. */
export const admission = (
  running: number,
  waiting: number,
  { concurrency, queue }: { concurrency: number; queue: number },
): 'run' | 'wait' | 'refuse' => {
  if (running < concurrency && waiting === 0) return 'run';
  return waiting < queue ? 'wait' : 'refuse';
};

/** Lets a bounded number of calls run at once and a bounded number wait, in order; refuses the rest with 503. */
export class Bulkhead {
  readonly #options: Required<BulkheadOptions>;
  readonly #waiting = new WaitingLine();
  #running = 0;

  constructor({
    name = 'The dependency',
    queue = 0,
    queueTimeoutMs = 1_000,
    retryAfterMs = 1_000,
    concurrency,
  }: BulkheadOptions) {
    this.#options = { name, concurrency, queue, queueTimeoutMs, retryAfterMs };
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs `work` in a slot. Rejects with `BULKHEAD_FULL` (503, Retry-After) without calling it when there is none. */
  async run<T>(work: () => Promise<T>, wait: SlotWait = {}): Promise<T> {
    wait.signal?.throwIfAborted();
    if (!this.tryEnter()) await this.enter(wait);
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  /** Takes a slot where one is free and nobody waits; who has one must {@link leave}. */
  tryEnter(): boolean {
    if (admission(this.#running, this.#waiting.size, this.#options) !== 'run') return false;
    this.#running++;
    return true;
  }

  /** Takes a slot, or waits for one; rejects with `BULKHEAD_FULL`. Who has one must {@link leave}. */
  async enter({ signal, maxWaitMs }: SlotWait = {}): Promise<void> {
    const decision = admission(this.#running, this.#waiting.size, this.#options);
    if (decision === 'refuse') throw this.#full();
    if (decision === 'wait') await this.#turn(signal, maxWaitMs);
    else this.#running++;
  }

  /** Gives a slot back; who waits for longest has it then. */
  leave(): void {
    const next = this.#waiting.next();
    if (next) next.start();
    else this.#running--;
  }

  /** Settles when a slot was handed over; the slot is then already counted. */
  #turn(signal: AbortSignal | undefined, maxWaitMs = Number.POSITIVE_INFINITY): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancelled);
        this.#waiting.leave(waiter);
      };
      const waiter: Waiter = {
        before: undefined,
        behind: undefined,
        isWaiting: false,
        start: () => {
          leave();
          resolve();
        },
      };
      const cancelled = () => {
        leave();
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          leave();
          reject(this.#full());
        },
        Math.min(this.#options.queueTimeoutMs, maxWaitMs),
      );
      signal?.addEventListener('abort', cancelled, { once: true });
      this.#waiting.join(waiter);
    });
  }

  #full() {
    return bulkheadFull(this.#options.name, this.#options.retryAfterMs);
  }
}
