import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HeartbeatLease, type Heartbeats } from './heartbeat-lease.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const instance = { id: 's-1', service: 's', address: '10.0.0.1', port: 80, weight: 1, metadata: {} };

async function beating(nextInMs: Heartbeats['nextInMs']) {
  const beatsAtMs: number[] = [];
  const startedAtMs = Date.now();
  const lease = new HeartbeatLease(
    instance,
    9_000,
    {
      ...(nextInMs && { nextInMs }),
      register: () => Promise.resolve(),
      beat: () => {
        beatsAtMs.push(Date.now() - startedAtMs);
        return Promise.resolve(true);
      },
      deregister: () => Promise.resolve(),
    },
    undefined,
    () => {},
  );
  await lease.start();
  return { lease, beatsAtMs };
}

it('heartbeats come when the engine wants them, to the millisecond', async () => {
  const { lease, beatsAtMs } = await beating(() => 1_234);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(beatsAtMs).toEqual([1_234, 2_468, 3_702]);
  lease.stop();
});

it('where the engine says nothing, they come three times in a lease, each up to a fifth sooner', async () => {
  const { lease, beatsAtMs } = await beating(undefined);
  await vi.advanceTimersByTimeAsync(30_000);
  const pauses = beatsAtMs.map((at, beat) => at - (beatsAtMs[beat - 1] ?? 0));
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(2_400);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(3_001);
  lease.stop();
});
