import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeIndex, firstIndex } from './change-index.ts';

describe('the change index', () => {
  it('only grows, and says for each topic when it last changed', () => {
    const topics = fc.constantFrom('a', 'b', 'c/d', 'c/e');
    fc.assert(
      fc.property(
        fc.array(fc.uniqueArray(topics, { minLength: 1 })),
        fc.integer({ min: 1, max: 4 }),
        (touches, remembered) => {
          const changes = new ChangeIndex(7, remembered);
          const last = new Map<string, number>();
          for (const touched of touches) {
            const before = changes.last;
            const index = changes.touch(...touched);
            expect(index).toBe(before + 1);
            for (const topic of touched) last.set(topic, index);
          }
          // A forgotten topic may answer too high, which wakes a waiter too often, and never too low.
          for (const topic of ['a', 'b', 'c/d', 'c/e']) {
            expect(changes.of(topic)).toBeGreaterThanOrEqual(last.get(topic) ?? 7);
            if (remembered === 4) expect(changes.of(topic)).toBe(last.get(topic) ?? 7);
          }
          expect(changes.ofPrefix('c/')).toBeGreaterThanOrEqual(
            Math.max(7, last.get('c/d') ?? 7, last.get('c/e') ?? 7),
          );
          expect(changes.ofPrefix('c/')).toBeLessThanOrEqual(changes.last);
        },
      ),
    );
  });

  it('never begins below what it has counted, whether the snapshot is old, new or lost', () => {
    expect(firstIndex(0, 1_700_000_000_000)).toBe(1_700_000_000_000);
    expect(firstIndex(1_800_000_000_000, 1_700_000_000_000)).toBeGreaterThan(1_800_000_000_000);
  });
});
