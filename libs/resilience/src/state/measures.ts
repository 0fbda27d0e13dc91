import { LATENCY_BUCKETS, latencyBucket } from './latencies.ts';

/** What is counted of a resource's calls, second by second. */
export const COUNTED = [
  'passed',
  'refused',
  'shortCircuited',
  'shadowed',
  'succeeded',
  'failed',
  'timedOut',
  'slow',
] as const;

export type Counted = (typeof COUNTED)[number];

const BUCKET_MS = 1_000;
const WIDTH = COUNTED.length;
/** The place of each count in a bucket. */
const PLACE = Object.fromEntries(COUNTED.map((name, place) => [name, place])) as Record<Counted, number>;

/** The counts of the last seconds, and what they say of durations. */
export interface Totals extends Record<Counted, number> {
  /** Sum of the durations of all calls that ended. */
  durationMs: number;
  /** The shortest; 0 when none has ended. */
  minMs: number;
  /** Successes of the best second. */
  bestSecond: number;
  latencies: Float64Array;
}

/**
 * Counts of the last ten seconds in typed arrays that are made once: counting allocates nothing. The time comes with
 * each count, there is no timer.
 */
export class Measures {
  readonly seconds: number;
  readonly #counts: Int32Array;
  readonly #durations: Float64Array;
  readonly #shortest: Float64Array;
  readonly #latencies: Int32Array;
  #tick = 0;
  #endMs = Number.NEGATIVE_INFINITY;
  #at = 0;

  constructor(seconds = 10) {
    this.seconds = seconds;
    this.#counts = new Int32Array(seconds * WIDTH);
    this.#durations = new Float64Array(seconds);
    this.#shortest = new Float64Array(seconds).fill(Number.POSITIVE_INFINITY);
    this.#latencies = new Int32Array(seconds * LATENCY_BUCKETS);
  }

  count(what: Counted, nowMs: number): void {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    const place = this.#at * WIDTH + PLACE[what];
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
  }

  /** A call has ended after `durationMs`. */
  ended(how: 'succeeded' | 'failed' | 'timedOut', durationMs: number, nowMs: number): void {
    this.count(how, nowMs);
    const at = this.#at;
    this.#durations[at] = (this.#durations[at] ?? 0) + durationMs;
    if (durationMs < (this.#shortest[at] ?? 0)) this.#shortest[at] = durationMs;
    const bucket = at * LATENCY_BUCKETS + latencyBucket(durationMs);
    this.#latencies[bucket] = (this.#latencies[bucket] ?? 0) + 1;
  }

  totals(nowMs: number): Totals {
    if (nowMs >= this.#endMs) this.#turn(nowMs);
    const counts = new Float64Array(WIDTH);
    for (const [place, count] of this.#counts.entries()) counts[place % WIDTH] = (counts[place % WIDTH] ?? 0) + count;
    const latencies = new Float64Array(LATENCY_BUCKETS);
    for (const [place, count] of this.#latencies.entries()) {
      latencies[place % LATENCY_BUCKETS] = (latencies[place % LATENCY_BUCKETS] ?? 0) + count;
    }
    const shortest = Math.min(...this.#shortest);
    let bestSecond = 0;
    for (let second = 0; second < this.seconds; second++) {
      bestSecond = Math.max(bestSecond, this.#counts[second * WIDTH + PLACE.succeeded] ?? 0);
    }
    return {
      ...(Object.fromEntries(COUNTED.map((name, place) => [name, counts[place] ?? 0])) as Record<Counted, number>),
      durationMs: this.#durations.reduce((sum, each) => sum + each, 0),
      minMs: Number.isFinite(shortest) ? shortest : 0,
      bestSecond,
      latencies,
    };
  }

  #turn(nowMs: number): void {
    const tick = Math.floor(nowMs / BUCKET_MS);
    const steps = Math.min(this.seconds, tick - this.#tick);
    for (let step = 1; step <= steps; step++) this.#clear((this.#at + step) % this.seconds);
    this.#at = (this.#at + steps) % this.seconds;
    this.#tick = tick;
    this.#endMs = (tick + 1) * BUCKET_MS;
  }

  #clear(second: number): void {
    this.#counts.fill(0, second * WIDTH, (second + 1) * WIDTH);
    this.#latencies.fill(0, second * LATENCY_BUCKETS, (second + 1) * LATENCY_BUCKETS);
    this.#durations[second] = 0;
    this.#shortest[second] = Number.POSITIVE_INFINITY;
  }
}
