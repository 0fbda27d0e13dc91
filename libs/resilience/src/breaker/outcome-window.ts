/** What a window of calls holds. */
export interface Outcomes {
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
}

/** The window in which a breaker looks at outcomes: the last calls, or the calls of the last time. */
export interface OutcomeWindow extends Outcomes {
  record(nowMs: number, failed: boolean, slow: boolean): void;
  /** Forgets what is too old; to be called before the counts are read. */
  turn(nowMs: number): void;
  clear(): void;
}

export type WindowOptions = { windowMs: number } | { windowCalls: number };

/** A window over time, or over a number of calls. */
export const outcomeWindow = (options: WindowOptions): OutcomeWindow =>
  'windowCalls' in options ? new CountWindow(options.windowCalls) : new TimeWindow(options.windowMs);

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, one byte each. */
class CountWindow implements OutcomeWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  readonly #outcomes: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#outcomes = new Uint8Array(size);
  }

  record(_nowMs: number, failed: boolean, slow: boolean): void {
    const oldest = this.#outcomes[this.#next] ?? 0;
    if (this.calls === this.#outcomes.length) {
      if (oldest & FAILED) this.failed--;
      if (oldest & SLOW) this.slow--;
    } else this.calls++;
    if (failed) this.failed++;
    if (slow) this.slow++;
    this.#outcomes[this.#next] = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    this.#next = this.#next + 1 === this.#outcomes.length ? 0 : this.#next + 1;
  }

  turn(): void {}

  clear(): void {
    this.#next = this.calls = this.failed = this.slow = 0;
  }
}

const BUCKETS = 10;

/** The calls of the last `windowMs`, at most a tenth of it less. */
class TimeWindow implements OutcomeWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  readonly #bucketMs: number;
  readonly #calls = new Int32Array(BUCKETS);
  readonly #failed = new Int32Array(BUCKETS);
  readonly #slow = new Int32Array(BUCKETS);
  #tick = 0;
  #endMs = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  record(nowMs: number, failed: boolean, slow: boolean): void {
    this.turn(nowMs);
    const at = this.#tick % BUCKETS;
    this.calls++;
    this.#calls[at] = (this.#calls[at] ?? 0) + 1;
    if (failed) {
      this.failed++;
      this.#failed[at] = (this.#failed[at] ?? 0) + 1;
    }
    if (slow) {
      this.slow++;
      this.#slow[at] = (this.#slow[at] ?? 0) + 1;
    }
  }

  turn(nowMs: number): void {
    if (nowMs < this.#endMs) return;
    const tick = Math.floor(nowMs / this.#bucketMs);
    if (tick - this.#tick >= BUCKETS) this.clear();
    else for (let passed = this.#tick + 1; passed <= tick; passed++) this.#forget(passed % BUCKETS);
    this.#tick = tick;
    this.#endMs = (tick + 1) * this.#bucketMs;
  }

  clear(): void {
    this.calls = this.failed = this.slow = 0;
    this.#calls.fill(0);
    this.#failed.fill(0);
    this.#slow.fill(0);
  }

  #forget(at: number): void {
    this.calls -= this.#calls[at] ?? 0;
    this.failed -= this.#failed[at] ?? 0;
    this.slow -= this.#slow[at] ?? 0;
    this.#calls[at] = this.#failed[at] = this.#slow[at] = 0;
  }
}
