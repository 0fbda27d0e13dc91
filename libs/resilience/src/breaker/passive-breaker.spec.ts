import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openForMs, PassiveBreaker } from './passive-breaker.ts';

describe('a passive breaker', () => {
  const make = () => {
    const time = { nowMs: 1_000 };
    const breaker = new PassiveBreaker(
      { consecutive: 3, minimumCalls: 10, openMs: 100, maxOpenMs: 400 },
      () => time.nowMs,
    );
    return { breaker, time };
  };

  it('opens after failures in a row and lets one call try after its time', () => {
    const { breaker, time } = make();
    for (let call = 0; call < 3; call++) breaker.failed();
    expect([breaker.state, breaker.admit(), breaker.retryAfterMs]).toEqual(['open', false, 100]);
    time.nowMs += 100;
    expect([breaker.admit(), breaker.admit()]).toEqual([true, false]);
    breaker.succeeded();
    expect([breaker.state, breaker.admit()]).toEqual(['closed', true]);
  });

  it('opens for longer each time that the trying call fails, up to a bound', () => {
    const { breaker, time } = make();
    breaker.trip();
    const waits = [0, 1, 2, 3].map(() => {
      const waitMs = breaker.retryAfterMs;
      time.nowMs += waitMs;
      breaker.admit();
      breaker.failed();
      return waitMs;
    });
    expect(waits).toEqual([100, 200, 400, 400]);
  });

  it('is not changed by calls from before it opened, and lets another try when one is lost', () => {
    const { breaker, time } = make();
    breaker.trip();
    breaker.succeeded();
    breaker.failed();
    expect([breaker.state, breaker.retryAfterMs]).toEqual(['open', 100]);
    time.nowMs += 100;
    expect(breaker.admit()).toBe(true);
    time.nowMs += 100;
    expect(breaker.admit()).toBe(true);
  });

  it('opens by the share of failures in its window', () => {
    const { breaker } = make();
    for (let call = 0; call < 5; call++) {
      breaker.succeeded();
      breaker.failed();
    }
    expect(breaker.state).toBe('open');
  });

  it('admits at most one call in each of its times while nothing goes well', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ stepMs: fc.nat(150), fails: fc.boolean() }), { maxLength: 200 }), (events) => {
        const { breaker, time } = make();
        breaker.trip();
        const admittedAt: number[] = [];
        for (const { stepMs, fails } of events) {
          time.nowMs += stepMs;
          if (breaker.admit()) admittedAt.push(time.nowMs);
          if (fails) breaker.failed();
        }
        for (const [index, atMs] of admittedAt.slice(1).entries()) {
          expect(atMs - (admittedAt[index] as number)).toBeGreaterThanOrEqual(100);
        }
      }),
    );
  });

  it('its times open never shrink and never pass the bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 1_000 }), (opening, openMs) => {
        const now = openForMs(opening, openMs, 30_000);
        expect(now).toBeLessThanOrEqual(30_000);
        expect(openForMs(opening + 1, openMs, 30_000)).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});
