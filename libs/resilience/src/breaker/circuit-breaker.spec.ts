import { RookeryError } from '@rookery/observability';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CircuitBreaker, type CircuitBreakerOptions, opens } from './circuit-breaker.ts';

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
  const make = (options: CircuitBreakerOptions = {}) => {
    states.length = 0;
    return new CircuitBreaker({
      name: 'catalog',
      minimumCalls: 4,
      openMs: 1_000,
      onState: (state) => states.push(state),
      ...options,
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

  it('opens for a dependency that answers, but slowly, also when the try is slow', async () => {
    const breaker = make({ slowMs: 100 });
    const slowly = () => new Promise((resolve) => setTimeout(resolve, 150, 'late'));
    const call = async () => {
      const answer = attempt(breaker, slowly);
      await vi.advanceTimersByTimeAsync(150);
      return answer;
    };
    for (let each = 0; each < 4; each++) expect(await call()).toBe('late');
    expect(breaker.state).toBe('open');
    vi.advanceTimersByTime(1_000);
    expect(await call()).toBe('late');
    expect(states).toEqual(['open', 'half-open', 'open']);
    breaker.close();
  });

  it('looks at the last calls, however old, where it is told to', async () => {
    const breaker = make({ windowCalls: 4 });
    for (let each = 0; each < 4; each++) {
      expect(breaker.state).toBe('closed');
      vi.advanceTimersByTime(60_000);
      await attempt(breaker, each % 2 ? fail : async () => 1);
    }
    expect(breaker.state).toBe('open');
    breaker.close();
  });

  it('is not opened again by calls that began before it closed', async () => {
    const breaker = make();
    const late = Array.from({ length: 6 }, () => Promise.withResolvers<never>());
    const calls = late.map(({ promise }) => attempt(breaker, () => promise));
    vi.advanceTimersByTime(10);
    for (let call = 0; call < 4; call++) await attempt(breaker, fail);
    vi.advanceTimersByTime(1_000);
    await attempt(breaker, async () => 1);
    for (const { reject } of late) reject(new RookeryError('DOWN', 'Down.', { status: 503 }));
    await Promise.all(calls);
    expect(breaker.state).toBe('closed');
    breaker.close();
  });
});

it.each([
  [{ calls: 10, failed: 5, slow: 0 }, true],
  [{ calls: 10, failed: 4, slow: 0 }, false],
  [{ calls: 9, failed: 9, slow: 9 }, false],
  [{ calls: 10, failed: 0, slow: 8 }, true],
  [{ calls: 10, failed: 0, slow: 7 }, false],
])('%o opens: %s', (outcomes, answer) => {
  expect(opens(outcomes, { errorPercent: 50, slowPercent: 80, minimumCalls: 10 })).toBe(answer);
});
