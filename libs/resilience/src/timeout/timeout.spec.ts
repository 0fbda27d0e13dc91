import { currentRequest, runWithRequest, startTracing } from '@rookery/observability';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { timeout } from './timeout.ts';

beforeAll(startTracing);
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

describe('a call with a timeout', () => {
  it('answers, and leaves no timer', async () => {
    expect(await timeout(async () => 7, 1_000)).toBe(7);
  });

  it('that throws at once rejects, and leaves no timer', async () => {
    const work = () => {
      throw new Error('no');
    };
    await expect(timeout(work, 1_000)).rejects.toThrow('no');
  });

  it('rejects with 504 when time is up, though the work does not listen, and aborts its signal', async () => {
    let seen: AbortSignal | undefined;
    const call = timeout(
      (signal) => {
        seen = signal;
        return never();
      },
      100,
      { name: 'catalog' },
    );
    const outcome = expect(call).rejects.toMatchObject({
      code: 'CALL_TIMEOUT',
      status: 504,
      message: expect.stringContaining('catalog'),
    });
    await vi.advanceTimersByTimeAsync(100);
    await outcome;
    expect(seen?.aborted).toBe(true);
  });

  it('is shortened by the deadline of the request, and shortens the deadline of what it calls', async () => {
    const startMs = Date.now();
    await runWithRequest({ deadlineAtMs: startMs + 30 }, async () => {
      const call = timeout(async () => {
        expect(currentRequest().deadlineAtMs).toBe(startMs + 30);
        await never();
      }, 1_000);
      const outcome = expect(call).rejects.toMatchObject({ code: 'CALL_TIMEOUT' });
      await vi.advanceTimersByTimeAsync(30);
      await outcome;
    });
    await timeout(async () => expect(currentRequest().deadlineAtMs).toBe(Date.now() + 50), 50);
  });

  it('is not made when the deadline is over', async () => {
    const work = vi.fn(never);
    await runWithRequest({ deadlineAtMs: Date.now() - 1 }, () =>
      expect(timeout(work, 1_000)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', status: 504 }),
    );
    expect(work).not.toHaveBeenCalled();
  });

  it('ends with the reason of the caller who leaves', async () => {
    const controller = new AbortController();
    const call = timeout(never, 1_000, { signal: controller.signal });
    controller.abort(new Error('left'));
    await expect(call).rejects.toThrow('left');
    await expect(timeout(never, 1_000, { signal: controller.signal })).rejects.toThrow('left');
  });
});
