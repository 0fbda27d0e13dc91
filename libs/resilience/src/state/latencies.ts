/** Four steps to each doubling: a percentile is at most a fifth too high. */
const STEPS = 4;
/** From below 1 ms to above 16 s. */
export const LATENCY_BUCKETS = 14 * STEPS + 2;

/** The place of a duration in a histogram. */
export const latencyBucket = (ms: number): number =>
  ms < 1 ? 0 : Math.min(LATENCY_BUCKETS - 1, 1 + Math.floor(Math.log2(ms) * STEPS));

/** The longest duration that falls into a bucket, in ms. */
const upperBoundMs = (bucket: number): number => 2 ** (bucket / STEPS);

/** The duration that a share of the calls did not exceed, in ms; 0 when there were none. */
export function percentileMs(histogram: ArrayLike<number>, share: number): number {
  let calls = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) calls += histogram[bucket] ?? 0;
  if (calls === 0) return 0;
  const wanted = Math.max(1, Math.ceil(calls * share));
  let seen = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
    seen += histogram[bucket] ?? 0;
    if (seen >= wanted) return Math.round(upperBoundMs(bucket) * 10) / 10;
  }
  return upperBoundMs(LATENCY_BUCKETS - 1);
}
