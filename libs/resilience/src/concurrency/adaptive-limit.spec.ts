import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaptiveLimit, type AdaptiveLimitOptions } from './adaptive-limit.ts';
import { firstState, gradientOptions, nextState } from './gradient.ts';

/** A service with so many workers and a queue before them; all calls of equal worth. Time is simulated. */
interface World {
  workers: (nowMs: number) => number;
  serviceMs: (nowMs: number) => number;
  arrivalsPerSecond: (nowMs: number) => number;
  forMs: number;
  /** Nothing is measured before. */
  warmUpMs?: number;
  /** A client that waited so long has gone, and the answer is worth nothing. */
  patienceMs?: number;
  limit?: AdaptiveLimitOptions;
  unlimited?: boolean;
}

function simulate({ workers, serviceMs, arrivalsPerSecond, forMs, warmUpMs = 0, patienceMs = 1_000, ...rest }: World) {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let nowMs = 0;
  const limit = new AdaptiveLimit({ ...rest.limit, clock: () => nowMs });
  const events: { atMs: number; happen: () => void }[] = [];
  const at = (atMs: number, happen: () => void) => {
    let index = events.length;
    while (index > 0 && (events[index - 1]?.atMs ?? 0) < atMs) index--;
    events.splice(index, 0, { atMs, happen });
  };
  const queue: (() => void)[] = [];
  let busy = 0;
  const latencies: number[] = [];
  let shed = 0;
  const work = () => {
    while (busy < workers(nowMs) && queue.length > 0) {
      busy++;
      const done = queue.shift() as () => void;
      at(nowMs + serviceMs(nowMs) * (0.5 + random()), () => {
        busy--;
        done();
        work();
      });
    }
  };
  const arrive = () => {
    at(nowMs - (Math.log(1 - random()) / arrivalsPerSecond(nowMs)) * 1_000, arrive);
    const permit = rest.unlimited ? { release: () => {} } : limit.acquire();
    if (!permit) {
      if (nowMs >= warmUpMs) shed++;
      return;
    }
    const startedAtMs = nowMs;
    queue.push(() => {
      permit.release('answered');
      if (nowMs >= warmUpMs) latencies.push(nowMs - startedAtMs);
    });
    work();
  };
  arrive();
  while (nowMs < forMs) {
    const next = events.pop();
    if (!next) break;
    nowMs = next.atMs;
    next.happen();
  }
  latencies.sort((a, b) => a - b);
  const good = latencies.filter((ms) => ms <= patienceMs).length;
  return {
    goodPerSecond: (good * 1_000) / (forMs - warmUpMs),
    p99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? 0,
    shed,
    limit: limit.limit,
    restMs: limit.restMs ?? 0,
  };
}

const steady = (value: number) => () => value;
/** 10 workers of 20 ms: 500 a second at most. */
const SERVICE = { workers: steady(10), serviceMs: steady(20) };

describe('at three times what a service can do', () => {
  const overload = { ...SERVICE, arrivalsPerSecond: steady(1_500), forMs: 60_000, warmUpMs: 5_000 };

  it('at least 90 % of what it can do is done, in time', () => {
    const { goodPerSecond, p99Ms, limit } = simulate(overload);
    expect(goodPerSecond).toBeGreaterThanOrEqual(450);
    expect(p99Ms).toBeLessThan(100);
    expect(limit).toBeGreaterThanOrEqual(8);
    expect(limit).toBeLessThanOrEqual(35);
  });

  it('without a limit nothing is in time', () => {
    expect(simulate({ ...overload, forMs: 20_000, unlimited: true }).goodPerSecond).toBeLessThan(10);
  });

  it('ten minutes of it do not wear the limit out', () => {
    const { goodPerSecond, p99Ms, restMs } = simulate({ ...overload, forMs: 600_000, warmUpMs: 500_000 });
    expect(goodPerSecond).toBeGreaterThanOrEqual(450);
    expect(p99Ms).toBeLessThan(100);
    expect(restMs).toBeGreaterThan(15);
    expect(restMs).toBeLessThan(30);
  });

  it('a limit that began much too high, when overload was there from the first call, comes down within seconds', () => {
    const { goodPerSecond, p99Ms } = simulate({ ...overload, limit: { initialLimit: 1_000 } });
    expect(goodPerSecond).toBeGreaterThanOrEqual(450);
    expect(p99Ms).toBeLessThan(150);
  });
});

describe('a service', () => {
  it('that is not loaded is refused nothing', () => {
    expect(simulate({ ...SERVICE, arrivalsPerSecond: steady(200), forMs: 60_000 }).shed).toBe(0);
  });

  it('with many workers is used in full, although the limit began low', () => {
    const big = { workers: steady(200), serviceMs: steady(50), arrivalsPerSecond: steady(5_000) };
    const { goodPerSecond } = simulate({ ...big, forMs: 20_000, warmUpMs: 10_000, limit: { initialLimit: 10 } });
    expect(goodPerSecond).toBeGreaterThanOrEqual(0.9 * 4_000);
  });

  it('that lost half of its workers gets half, and all again when they are back', () => {
    const change = {
      ...SERVICE,
      workers: (nowMs: number) => (nowMs < 30_000 || nowMs >= 60_000 ? 10 : 5),
      arrivalsPerSecond: steady(1_500),
    };
    const halved = simulate({ ...change, forMs: 60_000, warmUpMs: 35_000 });
    expect(halved.goodPerSecond).toBeGreaterThanOrEqual(0.9 * 250);
    expect(halved.p99Ms).toBeLessThan(250);
    expect(simulate({ ...change, forMs: 90_000, warmUpMs: 65_000 }).goodPerSecond).toBeGreaterThanOrEqual(450);
  });

  it('that became slower by itself is not starved', () => {
    const slower = { ...SERVICE, serviceMs: (nowMs: number) => (nowMs < 30_000 ? 20 : 60) };
    const { goodPerSecond } = simulate({
      ...slower,
      arrivalsPerSecond: steady(1_500),
      forMs: 120_000,
      warmUpMs: 60_000,
    });
    expect(goodPerSecond).toBeGreaterThanOrEqual(0.9 * (500 / 3));
  });
});

it('whatever is seen, the limit stays within its bounds', () => {
  const window = fc.record({
    latencyMs: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
    saturated: fc.boolean(),
    dropped: fc.boolean(),
    passedMs: fc.integer({ min: 1, max: 30_000 }),
  });
  fc.assert(
    fc.property(fc.array(window, { maxLength: 200 }), (windows) => {
      const options = gradientOptions({ minLimit: 3, maxLimit: 200, initialLimit: 20 });
      let nowMs = 0;
      let state = firstState(options, nowMs);
      for (const { passedMs, ...seen } of windows) {
        nowMs += passedMs;
        state = nextState(state, seen, options, nowMs);
        expect(state.limit).toBeGreaterThanOrEqual(3);
        expect(state.limit).toBeLessThanOrEqual(200);
        expect(Number.isFinite(state.restMs ?? 0)).toBe(true);
      }
    }),
  );
});

it('timeouts lower the limit to its least, and answers bring it back', () => {
  let nowMs = 0;
  const limit = new AdaptiveLimit({ clock: () => nowMs, minLimit: 2, initialLimit: 40 });
  const round = (end: 'answered' | 'dropped', tookMs: number) => {
    const permits = Array.from({ length: 60 }, () => limit.acquire());
    nowMs += tookMs;
    for (const permit of permits) permit?.release(end);
  };
  for (let time = 0; time < 20; time++) round('answered', 60);
  for (let time = 0; time < 100; time++) round('dropped', 1_000);
  expect(limit.limit).toBe(2);
  for (let time = 0; time < 400; time++) round('answered', 60);
  expect(limit.limit).toBeGreaterThan(40);
});

it('a place is given back once', () => {
  const limit = new AdaptiveLimit({ initialLimit: 2, clock: () => 0 });
  const permit = limit.acquire();
  expect([limit.acquire(), limit.acquire()]).toEqual([expect.anything(), undefined]);
  permit?.release('answered');
  permit?.release('answered');
  expect(limit.inFlight).toBe(1);
});
