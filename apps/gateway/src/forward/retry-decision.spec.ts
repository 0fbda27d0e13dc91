import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureOf, mayRetry, type RetryFacts } from './retry-decision.ts';

const facts: fc.Arbitrary<RetryFacts> = fc.record({
  failure: fc.constantFrom('refused', 'reset', 'timeout', 'busy'),
  repeatable: fc.boolean(),
  hasBody: fc.boolean(),
  sent: fc.boolean(),
  tries: fc.integer({ min: 1, max: 6 }),
  maxTries: fc.integer({ min: 1, max: 5 }),
  leftMs: fc.integer({ min: -10, max: 1_000 }),
});

describe('another try', () => {
  it('never repeats what may have been done and must not be done twice', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const repeats = mayRetry(given);
        if (given.sent && !given.repeatable) expect(repeats).toBe(false);
        if (given.sent && given.hasBody) expect(repeats).toBe(false);
        if (given.tries >= given.maxTries || given.leftMs <= 0) expect(repeats).toBe(false);
      }),
    );
  });

  it('is given to every request that never went out, and to a GET that may have', () => {
    const fresh = { failure: 'refused', hasBody: true, sent: false, tries: 1, maxTries: 3, leftMs: 100 } as const;
    expect(mayRetry({ ...fresh, repeatable: false })).toBe(true);
    expect(mayRetry({ ...fresh, repeatable: true, hasBody: false, sent: true, failure: 'reset' })).toBe(true);
  });

  it('a refused connection is only one that was never there', () => {
    const refused = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    expect(failureOf(refused, false)).toBe('refused');
    expect(failureOf(refused, true)).toBe('reset');
    expect(failureOf(new Error('other side closed'), false)).toBe('reset');
  });
});
