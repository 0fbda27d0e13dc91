import { RunningSet, type Runs } from '@rookery/observability';

/** What waits for its time to be over. */
export interface Waiting extends Runs {
  /** On the clock of `performance.now()`. */
  dueAtMs: number;
  onDue(): void;
}

const TICK_MS = 20;
/** Ticks without anybody waiting after which the clock stops. */
const IDLE_TICKS = 50;

/**
 * The time limits of all requests on one timer, at most a tick late: setting and clearing a limit, which every request
 * does and few ever reach, costs next to nothing.
 */
export class Deadlines {
  readonly #waiting = new RunningSet<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #idleTicks = 0;

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  delete(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  /** Stops the clock; nobody's time is over any more. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  #tick(): void {
    this.#idleTicks = this.#waiting.size === 0 ? this.#idleTicks + 1 : 0;
    if (this.#idleTicks > IDLE_TICKS) {
      this.close();
      return;
    }
    const nowMs = performance.now();
    for (const waiting of this.#waiting) {
      if (nowMs < waiting.dueAtMs || waiting.slot < 0) continue;
      this.#waiting.delete(waiting);
      waiting.onDue();
    }
  }
}
