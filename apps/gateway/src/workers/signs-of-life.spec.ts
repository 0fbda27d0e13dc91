import type { Worker } from 'node:cluster';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { longestSilenceMs, SignsOfLife } from './signs-of-life.ts';

const SILENCE_MS = 5_000;
const [one, two] = [{ id: 1 } as Worker, { id: 2 } as Worker];
const sign = { type: 'worker.alive' };
let silent: number[];
let signs: SignsOfLife;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'performance'] });
  silent = [];
  signs = new SignsOfLife(SILENCE_MS, ({ id }) => silent.push(id));
  signs.start();
});
afterEach(() => vi.useRealTimers());

/** Seconds in which these say that they live. */
function pass(seconds: number, ...alive: Worker[]): void {
  for (let second = 0; second < seconds; second++) {
    vi.advanceTimersByTime(1_000);
    for (const worker of alive) signs.hear(worker, sign);
  }
}

describe('a worker', () => {
  it('that says nothing any more is told of once, and no other one', () => {
    pass(3, one, two);
    pass(4, two);
    expect(silent).toEqual([]);
    pass(10, two);
    expect(silent).toEqual([1]);
  });

  it('that has not said anything yet, or has gone, is not waited for', () => {
    pass(20, two);
    signs.forget(two);
    pass(20);
    expect(silent).toEqual([]);
  });

  it('is not blamed for a time in which the first process stood still too', () => {
    pass(3, one);
    // Its timers are as late as it is.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    pass(4);
    expect(silent).toEqual([]);
    pass(4);
    expect(silent).toEqual([1]);
    vi.restoreAllMocks();
  });

  it('other messages of which are no sign', () => {
    pass(1, one);
    for (let second = 0; second < 8; second++) {
      vi.advanceTimersByTime(1_000);
      signs.hear(one, { type: 'ready' });
      signs.hear(one, undefined);
    }
    expect(silent).toEqual([1]);
  });
});

it('the longest silence is checked: never, or long enough for a busy machine', () => {
  expect(longestSilenceMs({})).toBe(10_000);
  expect(longestSilenceMs({ GATEWAY_WORKER_SILENCE_MS: '0' })).toBe(0);
  expect(longestSilenceMs({ GATEWAY_WORKER_SILENCE_MS: '2000' })).toBe(2_000);
  for (const GATEWAY_WORKER_SILENCE_MS of ['', '1', '-1', '1999', '1e4', 'long', '3600001'])
    expect(() => longestSilenceMs({ GATEWAY_WORKER_SILENCE_MS })).toThrow(
      /must be 0 \(never\), or from 2000 to 3600000/,
    );
});
