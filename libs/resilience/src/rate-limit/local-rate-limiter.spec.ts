import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LocalRateLimiter } from './local-rate-limiter.ts';

it('over any stretch of time a key gets at most its burst and what comes back', () => {
  const step = fc.oneof(fc.constant('call' as const), fc.double({ min: -200, max: 2_000, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 300 }),
      fc.double({ min: 0.1, max: 1_000, noNaN: true }),
      fc.integer({ min: 1, max: 50 }),
      (steps, perSecond, burst) => {
        let nowMs = 1_000_000;
        let forwardMs = 0;
        let taken = 0;
        const limiter = new LocalRateLimiter({ perSecond, burst }, { clock: () => nowMs });
        for (const happens of steps) {
          if (happens === 'call') {
            if (limiter.take('key').allowed) taken++;
          } else {
            nowMs += happens;
            forwardMs += Math.max(0, happens);
          }
        }
        expect(taken).toBeLessThanOrEqual(burst + (perSecond * forwardMs) / 1_000 + 1e-3);
      },
    ),
  );
});

it('who waits as long as he was told is let in, and not a millisecond before', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 500, noNaN: true }), fc.integer({ min: 1, max: 20 }), (perSecond, burst) => {
      let nowMs = 0;
      const limiter = new LocalRateLimiter({ perSecond, burst }, { clock: () => nowMs });
      for (let call = 0; call < burst; call++) expect(limiter.take('key').remaining).toBe(burst - call - 1);
      const { allowed, retryAfterMs } = limiter.take('key');
      expect(allowed).toBe(false);
      nowMs += retryAfterMs - 0.01;
      expect(limiter.take('key').allowed).toBe(false);
      nowMs += 0.02;
      expect(limiter.take('key').allowed).toBe(true);
    }),
  );
});

it('keys do not meet', () => {
  const limiter = new LocalRateLimiter({ perSecond: 1, burst: 1 }, { clock: () => 0 });
  expect(['ada', 'bob', 'ada'].map((key) => limiter.take(key).allowed)).toEqual([true, true, false]);
});

it('looking takes nothing', () => {
  const limiter = new LocalRateLimiter({ perSecond: 1, burst: 2 }, { clock: () => 0 });
  limiter.take('ada');
  expect([limiter.peek('ada').remaining, limiter.peek('ada').remaining, limiter.peek('new').remaining]).toEqual([
    1, 1, 2,
  ]);
});

it('a million keys that are made up cost no more than the table holds, and do not free a key that owes', () => {
  let nowMs = 0;
  const limiter = new LocalRateLimiter({ perSecond: 1, burst: 100 }, { maxKeys: 1_000, clock: () => nowMs });
  for (let call = 0; call < 100; call++) limiter.take('hungry');
  for (let made = 0; made < 1_000_000; made++) {
    if (made % 100 === 0) nowMs += 10;
    limiter.take(`made-up-${made}`);
    if (nowMs === 50_000) expect(limiter.peek('hungry').remaining).toBe(50);
  }
  expect(limiter.size).toBe(1_000);
});

it('a limit that was lowered leaves nobody more than a whole burst to pay', () => {
  let nowMs = 0;
  const limiter = new LocalRateLimiter({ perSecond: 0.01, burst: 100 }, { clock: () => nowMs });
  for (let call = 0; call < 100; call++) limiter.take('ada');
  limiter.limit = { perSecond: 10, burst: 10 };
  expect(limiter.take('ada').retryAfterMs).toBe(100);
  nowMs = 100;
  expect(limiter.take('ada').allowed).toBe(true);
});
