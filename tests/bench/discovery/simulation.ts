import { type BalanceInput, type Instance, type InstancesListener, parseBalance, Upstreams } from '@rookery/discovery';
import { EventQueue } from './event-queue.ts';

/** What is simulated: callers that know only their own calls, and instances of which one is slow. */
export interface Scenario {
  balance: BalanceInput;
  seed?: number;
  requests?: number;
}

export interface Simulated {
  p50Ms: number;
  p99Ms: number;
  /** Part of the calls that the slow instance got. */
  slowShare: number;
}

export const SETTING = {
  callers: 4,
  instances: 10,
  /** Calls that an instance works on at one time; the others wait there. */
  workers: 8,
  /** Mean time of one call; times are spread as 1 ms and an exponential rest. */
  workMs: 10,
  slowFactor: 8,
  /** Of all callers together. The slow instance could just bear its even share of them. */
  callsPerSecond: 800,
  keys: 1_000,
} as const;

const WARM_UP = 0.1;

/** The same numbers for the same seed, on any machine: chance and time are simulated too. */
export function simulate({ balance, seed = 1, requests = 40_000 }: Scenario): Simulated {
  const clock = new EventQueue();
  const random = seeded(seed);
  const instances = Array.from({ length: SETTING.instances }, (_, at) => anInstance(at));
  const servers = new Map(instances.map(({ id }, at) => [id, new Server(clock, at === 0 ? SETTING.slowFactor : 1)]));
  const upstreams = Array.from({ length: SETTING.callers }, (_, caller) => {
    const options = { now: () => clock.nowMs + 1, random: seeded(seed + caller + 1), identity: `caller-${caller}` };
    return new Upstreams(registryOf(instances), options).of('catalog', parseBalance(balance));
  });
  const latencies: number[] = [];
  let toSlow = 0;

  const call = (at: number): void => {
    const upstream = upstreams[at % upstreams.length];
    const instance = upstream?.pick(undefined, `user-${Math.floor(random() * SETTING.keys)}`);
    if (!upstream || !instance) throw new Error('nobody is there');
    const startedAtMs = clock.nowMs;
    const counts = at >= requests * WARM_UP;
    if (counts && instance === instances[0]) toSlow++;
    upstream.begin(instance);
    servers.get(instance.id)?.work(1 + exponential(random, SETTING.workMs - 1), () => {
      const latencyMs = clock.nowMs - startedAtMs;
      upstream.end(instance, latencyMs, true);
      if (counts) latencies.push(latencyMs);
    });
    if (at + 1 < requests) clock.after(exponential(random, 1_000 / SETTING.callsPerSecond), () => call(at + 1));
  };
  clock.after(0, () => call(0));
  clock.run();
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), slowShare: toSlow / sorted.length };
}

/** An instance: so many calls at one time, the others in the order in which they came. */
class Server {
  #free: number = SETTING.workers;
  readonly #waiting: (() => void)[] = [];
  readonly #clock: EventQueue;
  readonly #slowness: number;

  constructor(clock: EventQueue, slowness: number) {
    this.#clock = clock;
    this.#slowness = slowness;
  }

  work(ms: number, done: () => void): void {
    const start = () => {
      this.#free--;
      this.#clock.after(ms * this.#slowness, () => {
        this.#free++;
        done();
        this.#waiting.shift()?.();
      });
    };
    if (this.#free > 0) start();
    else this.#waiting.push(start);
  }
}

const exponential = (random: () => number, mean: number): number => -mean * Math.log(1 - random());

const anInstance = (at: number): Instance => ({
  id: `catalog-${at}`,
  service: 'catalog',
  address: '10.0.0.1',
  port: 3_000 + at,
  weight: 1,
  metadata: {},
});

const registryOf = (instances: readonly Instance[]) => ({
  watch: (_service: string, _listener: InstancesListener) => ({
    current: instances,
    ready: Promise.resolve(),
    close: () => {},
  }),
});

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
