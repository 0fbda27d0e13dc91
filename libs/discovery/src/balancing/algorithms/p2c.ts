import type { Algorithm } from '../algorithm.ts';
import { type Drawable, draw, drawable } from '../draw.ts';
import type { InstanceLoad } from '../instance-load.ts';

/** Latencies below this do not tell two instances apart. */
const LATENCY_FLOOR_MS = 1;
/** The second of two is taken only when its cost is below this share of the first's: noise moves no traffic. */
const CLEARLY_CHEAPER = 0.8;

/**
 * Power of two choices: draws two different instances by weight and takes the first unless the second is clearly
 * cheaper, by average latency and running calls.
 */
export const p2c: Algorithm<Drawable> = {
  prepare: drawable,
  pick(snapshot, ask) {
    const first = draw(snapshot, ask);
    if (first === undefined || snapshot.loads.length === 1) return first;
    const second = draw(snapshot, ask, first);
    if (second === undefined) return first;
    return cost(second, ask.nowMs) < cost(first, ask.nowMs) * CLEARLY_CHEAPER ? second : first;
  },
};

/** What one more call there is expected to cost, in ms. */
const cost = (load: InstanceLoad, nowMs: number): number =>
  (LATENCY_FLOOR_MS + load.latencyMs(nowMs)) * (1 + load.running / load.weight(nowMs));
