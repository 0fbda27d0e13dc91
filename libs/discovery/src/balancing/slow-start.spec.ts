import fc from 'fast-check';
import { expect, it } from 'vitest';
import { slowStartShare } from './slow-start.ts';

it('a share begins as said, never shrinks, and is whole at the end of the window', () => {
  const rules = fc.record({
    windowMs: fc.integer({ min: 1, max: 100_000 }),
    fromShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(rules, fc.nat(200_000), fc.nat(200_000), (rule, some, more) => {
      const early = slowStartShare(some, rule);
      expect(early).toBeGreaterThanOrEqual(rule.fromShare);
      expect(slowStartShare(some + more, rule)).toBeGreaterThanOrEqual(early);
      expect(slowStartShare(rule.windowMs + more, rule)).toBe(1);
    }),
  );
});
