const BUCKETS = 100;

/**
 * Counts over the last `windowMs`, in buckets. The sum holds one bucket more than the window is long, so it is never
 * less than what really fell into it: who admits while the sum is below a limit admits no more than that in ANY window,
 * and gives away at most one bucket of it. A clock that goes back adds to the newest bucket.
 */
export class SlidingWindow {
  readonly windowMs: number;
  readonly #bucketMs: number;
  readonly #counts: Int32Array;
  #tick = Number.NEGATIVE_INFINITY;
  #endMs = Number.NEGATIVE_INFINITY;
  #sum = 0;

  /** @param buckets steps in which the window slides; 100 when not given */
  constructor(windowMs: number, buckets: number = BUCKETS) {
    this.windowMs = windowMs;
    this.#bucketMs = windowMs / buckets;
    this.#counts = new Int32Array(buckets + 1);
  }

  /** What was counted in the window that ends now. */
  sum(nowMs: number): number {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    return this.#sum;
  }

  add(nowMs: number, count = 1): void {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    this.#sum += count;
    const at = this.#tick % this.#counts.length;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** Milliseconds until the oldest counted bucket leaves the window; 0 when nothing is counted. */
  untilLessMs(nowMs: number): number {
    if (this.sum(nowMs) === 0) return 0;
    const { length } = this.#counts;
    for (let age = length - 1; age >= 0; age--) {
      const tick = this.#tick - age;
      if (this.#counts[((tick % length) + length) % length]) return (tick + length) * this.#bucketMs - nowMs;
    }
    return 0;
  }

  #turn(nowMs: number): void {
    const tick = Math.floor(nowMs / this.#bucketMs);
    const { length } = this.#counts;
    if (tick - this.#tick >= length) {
      this.#counts.fill(0);
      this.#sum = 0;
    } else {
      for (let passed = this.#tick + 1; passed <= tick; passed++) {
        const at = passed % length;
        this.#sum -= this.#counts[at] ?? 0;
        this.#counts[at] = 0;
      }
    }
    this.#tick = Math.max(0, tick);
    this.#endMs = (this.#tick + 1) * this.#bucketMs;
  }
}
