import type { InstanceLoad } from './instance-load.ts';

/** Latencies below this do not tell two instances apart. */
const LATENCY_FLOOR_MS = 1;
/** The second of two is taken only when its cost is below this share of the first's: noise moves no traffic. */
const CLEARLY_CHEAPER = 0.8;

/**
 * Power of two choices: draws two different instances by weight and takes the first unless the second is clearly
 * cheaper, by average latency and running calls. Never one that is excluded or has weight 0. Instances under a
 * penalty are drawn only when there is no other. Pure: `random` gives numbers in [0, 1), the clock is `nowMs`.
 */
export function choose(
  loads: readonly InstanceLoad[],
  nowMs: number,
  random: () => number,
  exclude?: ReadonlySet<string>,
): InstanceLoad | undefined {
  return draw(loads, nowMs, random, exclude, false) ?? draw(loads, nowMs, random, exclude, true);
}

function draw(
  loads: readonly InstanceLoad[],
  nowMs: number,
  random: () => number,
  exclude: ReadonlySet<string> | undefined,
  alsoAvoided: boolean,
): InstanceLoad | undefined {
  let total = 0;
  let open = 0;
  for (const load of loads) {
    const share = weight(load, nowMs, exclude, alsoAvoided);
    if (share > 0) {
      total += share;
      open++;
    }
  }
  if (open === 0) return undefined;
  const first = at(loads, random() * total, nowMs, exclude, alsoAvoided, undefined);
  if (open === 1 || first === undefined) return first;
  const rest = total - first.instance.weight;
  const second = at(loads, random() * rest, nowMs, exclude, alsoAvoided, first);
  if (second === undefined) return first;
  return cost(second, nowMs) < cost(first, nowMs) * CLEARLY_CHEAPER ? second : first;
}

/** The instance at a point of the line on which each lies with the length of its weight. */
function at(
  loads: readonly InstanceLoad[],
  point: number,
  nowMs: number,
  exclude: ReadonlySet<string> | undefined,
  alsoAvoided: boolean,
  except: InstanceLoad | undefined,
): InstanceLoad | undefined {
  let left = point;
  let last: InstanceLoad | undefined;
  for (const load of loads) {
    if (load === except) continue;
    const share = weight(load, nowMs, exclude, alsoAvoided);
    if (share === 0) continue;
    last = load;
    left -= share;
    if (left < 0) return load;
  }
  return last;
}

function weight(
  load: InstanceLoad,
  nowMs: number,
  exclude: ReadonlySet<string> | undefined,
  alsoAvoided: boolean,
): number {
  const { instance } = load;
  if (!(instance.weight > 0) || exclude?.has(instance.id)) return 0;
  return alsoAvoided || !load.avoided(nowMs) ? instance.weight : 0;
}

/** What one more call there is expected to cost, in ms. */
function cost(load: InstanceLoad, nowMs: number): number {
  return (LATENCY_FLOOR_MS + load.latencyMs(nowMs)) * (1 + load.running / load.instance.weight);
}
