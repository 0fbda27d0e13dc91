import { RookeryError } from '@rookery/observability';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOffMs, isTransient, nextWaitMs, retry } from './retry.ts';
import { RetryBudget } from './retry-budget.ts';

const busy = () => new RookeryError('BUSY', 'Busy.', { status: 503 });

describe('the wait before another attempt', () => {
  it('is anywhere between nothing and a bound that doubles up to the cap', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (made, baseMs, capMs, chance) => {
          const waitMs = backOffMs(made, baseMs, capMs, () => chance);
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(Math.min(capMs, baseMs * 2 ** made));
        },
      ),
    );
  });

  it('is never shorter than asked for, never longer than the deadline, and there is none after the last attempt', () => {
    const facts = fc.record({
      made: fc.integer({ min: 1, max: 5 }),
      attempts: fc.integer({ min: 1, max: 5 }),
      retryable: fc.boolean(),
      backOffMs: fc.nat(2_000),
      retryAfterMs: fc.nat(2_000),
      leftMs: fc.integer({ min: -10, max: 3_000 }),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const waitMs = nextWaitMs(given);
        if (!given.retryable || given.made >= given.attempts) expect(waitMs).toBeUndefined();
        if (waitMs === undefined) return;
        expect(waitMs).toBeGreaterThanOrEqual(Math.max(given.retryAfterMs, given.backOffMs));
        expect(waitMs).toBeLessThan(given.leftMs);
      }),
    );
  });
});

describe('a call that is retried', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('answers once an attempt does', async () => {
    const work = vi.fn(async (attempt: number) => {
      if (attempt < 3) throw busy();
      return attempt;
    });
    const call = retry(work, { attempts: 5 }, { random: () => 0.5 });
    await vi.runAllTimersAsync();
    expect(await call).toBe(3);
  });

  it('fails with the last error after all attempts, and at once with an error that stays', async () => {
    const work = vi.fn(async () => {
      throw busy();
    });
    const call = expect(retry(work, { attempts: 3 }, { random: () => 0 })).rejects.toMatchObject({ code: 'BUSY' });
    await vi.runAllTimersAsync();
    await call;
    expect(work).toHaveBeenCalledTimes(3);
    const wrong = vi.fn(async () => {
      throw new RookeryError('WRONG', 'Wrong.', { status: 400 });
    });
    await expect(retry(wrong, { attempts: 3 })).rejects.toMatchObject({ code: 'WRONG' });
    expect(wrong).toHaveBeenCalledOnce();
  });

  it('stops waiting when the caller leaves', async () => {
    const controller = new AbortController();
    const call = retry(
      () => Promise.reject(busy()),
      { attempts: 3, baseMs: 500 },
      { signal: controller.signal, random: () => 0.9 },
    );
    const outcome = expect(call).rejects.toThrow('left');
    await vi.advanceTimersByTimeAsync(1);
    controller.abort(new Error('left'));
    await outcome;
  });

  it('makes no storm: a budget bounds the attempts of many failing calls', async () => {
    const budget = new RetryBudget({ ratio: 0.1, burst: 10, perSecond: 0 });
    const work = vi.fn(() => Promise.reject(busy()));
    const calls = Array.from({ length: 1_000 }, () => retry(work, { attempts: 4, baseMs: 0, budget }).catch(() => {}));
    await vi.runAllTimersAsync();
    await Promise.all(calls);
    expect(work.mock.calls.length).toBeLessThanOrEqual(1_000 + 10 + 100);
  });
});

it('what passes is a lost connection or 502 and 503, not our own refusals', () => {
  expect(isTransient(Object.assign(new Error(), { code: 'ECONNREFUSED' }))).toBe(true);
  expect(isTransient(busy())).toBe(true);
  expect(isTransient(new RookeryError('CIRCUIT_OPEN', '', { status: 503 }))).toBe(false);
  expect(isTransient(new RookeryError('NO', '', { status: 500 }))).toBe(false);
  expect(isTransient('text')).toBe(false);
});
