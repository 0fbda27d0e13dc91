import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChangeIndex } from './change-index.ts';
import { Waiters } from './waiters.ts';

const never = new AbortController().signal;
let changes: ChangeIndex;
let waiters: Waiters;

beforeEach(() => {
  vi.useFakeTimers();
  changes = new ChangeIndex(1);
  waiters = new Waiters(changes, 3);
});
afterEach(() => {
  waiters.close();
  expect(waiters.size).toBe(0);
  vi.useRealTimers();
});

/** Whether the wait is over, without letting time pass. */
async function isOver(wait: Promise<void>): Promise<boolean> {
  let over = false;
  void wait.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  return over;
}

describe('a waiter', () => {
  it('is woken by its own topic only', async () => {
    const wait = waiters.wait({ topic: 'service:orders' }, changes.last, 60_000, never);
    changes.touch('service:catalog', 'checks');
    expect(await isOver(wait)).toBe(false);
    changes.touch('service:orders');
    expect(await isOver(wait)).toBe(true);
  });

  it('is woken by each topic under its prefix', async () => {
    const wait = waiters.wait({ topic: 'kv:flags/', prefix: true }, changes.last, 60_000, never);
    changes.touch('kv:flag');
    expect(await isOver(wait)).toBe(false);
    changes.touch('kv:flags/dark');
    expect(await isOver(wait)).toBe(true);
  });

  it('does not wait for what has changed already', async () => {
    changes.touch('a');
    expect(await isOver(waiters.wait({ topic: 'a' }, 1, 60_000, never))).toBe(true);
    changes.touch('kv:x');
    expect(await isOver(waiters.wait({ topic: 'kv:', prefix: true }, 2, 60_000, never))).toBe(true);
  });

  it('goes after its time, when its client leaves, and when the registry stops', async () => {
    const timed = waiters.wait({ topic: 'a' }, 1, 1_000, never);
    const client = new AbortController();
    const left = waiters.wait({ topic: 'a' }, 1, 60_000, client.signal);
    const stopped = waiters.wait({ topic: 'a' }, 1, 60_000, never);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([await isOver(timed), await isOver(left)]).toEqual([true, false]);
    client.abort();
    expect([await isOver(left), await isOver(stopped)]).toEqual([true, false]);
    waiters.close();
    expect(await isOver(stopped)).toBe(true);
    expect(await isOver(waiters.wait({ topic: 'a' }, 1, 60_000, never))).toBe(true);
  });

  it('is refused when too many wait', async () => {
    for (let waiting = 0; waiting < 3; waiting++) void waiters.wait({ topic: 'a' }, 1, 60_000, never);
    await expect(waiters.wait({ topic: 'a' }, 1, 60_000, never)).rejects.toMatchObject({ status: 429 });
    waiters.close();
    await vi.advanceTimersByTimeAsync(0);
  });
});
