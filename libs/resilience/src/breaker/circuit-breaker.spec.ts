import { RookeryError } from '@rookery/observability';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreaker, rotations } from './circuit-breaker.ts';

const fail = () => Promise.reject(new RookeryError('DOWN', 'Down.', { status: 503 }));
const attempt = (breaker: CircuitBreaker, work: () => Promise<unknown>) =>
  breaker.run(work).catch((error) => error.code);

describe('a circuit breaker', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  const states: string[] = [];
  const make = () => {
    states.length = 0;
    return new CircuitBreaker({
      name: 'catalog',
      minimumCalls: 4,
      openMs: 1_000,
      onState: (state) => states.push(state),
    });
  };

  it('opens after too many failures, refuses with 503 and the time to wait, and closes after one that goes well', async () => {
    const breaker = make();
    for (let call = 0; call < 4; call++) expect(await attempt(breaker, fail)).toBe('DOWN');
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(400);
    const work = vi.fn(async () => 1);
    await expect(breaker.run(work)).rejects.toMatchObject({ code: 'CIRCUIT_OPEN', status: 503, retryAfterMs: 600 });
    expect(work).not.toHaveBeenCalled();
    vi.advanceTimersByTime(600);
    expect(breaker.state).toBe('half-open');
    expect(await breaker.run(work)).toBe(1);
    expect(states).toEqual(['open', 'half-open', 'closed']);
    expect(await attempt(breaker, fail)).toBe('DOWN');
    expect(breaker.state).toBe('closed');
    breaker.close();
  });

  it('lets one call try, and opens again when that fails', async () => {
    const breaker = make();
    for (let call = 0; call < 4; call++) await attempt(breaker, fail);
    vi.advanceTimersByTime(1_000);
    let end: (error: Error) => void = () => {};
    const probe = attempt(
      breaker,
      () =>
        new Promise((_resolve, reject) => {
          end = reject;
        }),
    );
    expect(await attempt(breaker, fail)).toBe('CIRCUIT_OPEN');
    end(new RookeryError('DOWN', 'Down.', { status: 504 }));
    await probe;
    expect(breaker.state).toBe('open');
    breaker.close();
  });

  it('does not count what speaks of the request, nor a caller who leaves', async () => {
    const breaker = make();
    const refused = () => Promise.reject(new RookeryError('WRONG', 'Wrong.', { status: 404 }));
    const left = () => Promise.reject(new DOMException('left', 'AbortError'));
    for (let call = 0; call < 20; call++) await attempt(breaker, call % 2 ? refused : left);
    expect(breaker.state).toBe('closed');
    breaker.close();
  });

  it('is not closed by a trying caller who leaves', async () => {
    const breaker = make();
    for (let call = 0; call < 4; call++) await attempt(breaker, fail);
    vi.advanceTimersByTime(1_000);
    await attempt(breaker, () => Promise.reject(new DOMException('left', 'AbortError')));
    expect(breaker.state).toBe('open');
    breaker.close();
  });

  it('forgets failures that are older than its window', async () => {
    const breaker = make();
    for (let call = 0; call < 3; call++) await attempt(breaker, fail);
    vi.advanceTimersByTime(11_000);
    for (let call = 0; call < 3; call++) await attempt(breaker, async () => 1);
    await attempt(breaker, fail);
    expect(breaker.state).toBe('closed');
    breaker.close();
  });
});

it('the window turns once a bucket, however seldom somebody looks', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5_000)), fc.integer({ min: 1, max: 1_000 }), (steps, bucketMs) => {
      let nowMs = 0;
      let sinceMs = 0;
      for (const step of steps) {
        nowMs += step;
        const before = sinceMs;
        const turned = rotations(sinceMs, nowMs, bucketMs);
        sinceMs = turned.sinceMs;
        expect(nowMs - sinceMs).toBeLessThan(bucketMs);
        expect(turned.count).toBe(Math.min(10, (sinceMs - before) / bucketMs));
      }
    }),
  );
});
