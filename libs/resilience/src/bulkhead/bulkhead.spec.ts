import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bulkhead } from './bulkhead.ts';

describe('a bulkhead', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('runs some, lets some wait in order, and refuses the rest with 503 and Retry-After', async () => {
    const bulkhead = new Bulkhead({ name: 'catalog', concurrency: 1, queue: 2, retryAfterMs: 1_500 });
    const order: number[] = [];
    const ends: (() => void)[] = [];
    const call = (index: number) =>
      bulkhead.run(async () => {
        order.push(index);
        await new Promise<void>((resolve) => ends.push(resolve));
      });
    const calls = [call(1), call(2), call(3)];
    await expect(call(4)).rejects.toMatchObject({ code: 'BULKHEAD_FULL', status: 503, retryAfterMs: 1_500 });
    expect([bulkhead.running, bulkhead.waiting]).toEqual([1, 2]);
    for (const _ of calls) {
      await vi.advanceTimersByTimeAsync(0);
      ends.shift()?.();
    }
    await Promise.all(calls);
    expect(order).toEqual([1, 2, 3]);
    expect([bulkhead.running, bulkhead.waiting]).toEqual([0, 0]);
  });

  it('lets nobody wait longer than agreed, and nobody who left', async () => {
    const bulkhead = new Bulkhead({ concurrency: 1, queue: 5, queueTimeoutMs: 100 });
    let end = () => {};
    const first = bulkhead.run(
      () =>
        new Promise<void>((resolve) => {
          end = resolve;
        }),
    );
    const late = expect(bulkhead.run(async () => {})).rejects.toMatchObject({ code: 'BULKHEAD_FULL' });
    const controller = new AbortController();
    const gone = expect(bulkhead.run(async () => {}, { signal: controller.signal })).rejects.toThrow('left');
    controller.abort(new Error('left'));
    await gone;
    await vi.advanceTimersByTimeAsync(100);
    await late;
    expect(bulkhead.waiting).toBe(0);
    end();
    await first;
    expect(await bulkhead.run(async () => 'free')).toBe('free');
  });

  it('never runs more than it may, whatever fails, and loses no slot', async () => {
    vi.useRealTimers();
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        fc.array(fc.record({ turns: fc.nat(3), fails: fc.boolean() }), { maxLength: 20 }),
        async (concurrency, queue, calls) => {
          const bulkhead = new Bulkhead({ concurrency, queue });
          let running = 0;
          const work = async ({ turns, fails }: { turns: number; fails: boolean }) => {
            expect(++running).toBeLessThanOrEqual(concurrency);
            for (let turn = 0; turn < turns; turn++) await Promise.resolve();
            running--;
            if (fails) throw new Error('fails');
          };
          await Promise.allSettled(calls.map((call) => bulkhead.run(() => work(call))));
          expect([running, bulkhead.running, bulkhead.waiting]).toEqual([0, 0, 0]);
        },
      ),
      { numRuns: 50 },
    );
    vi.useFakeTimers();
  });
});
