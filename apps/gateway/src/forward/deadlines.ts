import { RunningSet, type Runs } from '@rookery/observability';

/** What waits for its time to be over. */
export interface Waiting extends Runs {
  /** On the clock of `performance.now()`. */
  dueAtMs: number;
  onDue(): void;
}

const TICK_MS = 20;
/** A tick that is so much later shows that the process could not run: by nobody's fault but its own. */
const STOOD_STILL_MS = 100;
/** Ticks without anybody waiting after which the clock stops. */
const IDLE_TICKS = 50;

/**
 * The time limits of all requests on one timer, at most a tick late: setting and clearing a limit, which every request
 * does and few ever reach, costs next to nothing. What has come in by the time that a limit is reached counts, although
 * it is read after the timers have run; else a process that stood still for a while would give up everything that was
 * under way, all answered, and blame the instances for it.
 */
export class Deadlines {
  readonly #waiting = new RunningSet<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #idleTicks = 0;
  #lastTickMs = 0;
  #isAfterStandstill = false;

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    if (this.#timer) return;
    this.#lastTickMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
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
    const stoodStill = nowMs - this.#lastTickMs > TICK_MS + STOOD_STILL_MS;
    this.#lastTickMs = nowMs;
    // A tick more, once: those who are to answer may have stood still with us.
    this.#isAfterStandstill = stoodStill && !this.#isAfterStandstill;
    if (this.#isAfterStandstill) return;
    for (const waiting of this.#waiting) {
      if (nowMs < waiting.dueAtMs) continue;
      setImmediate(() => this.#tellDue(nowMs));
      return;
    }
  }

  #tellDue(nowMs: number): void {
    for (const waiting of this.#waiting) {
      if (nowMs < waiting.dueAtMs || waiting.slot < 0) continue;
      this.#waiting.delete(waiting);
      waiting.onDue();
    }
  }
}
