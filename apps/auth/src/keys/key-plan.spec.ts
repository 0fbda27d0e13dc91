import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKeyDue, KEPT_AFTER_MS, PUBLISHED_AHEAD_MS, publishedKeys, ROTATE_AFTER_MS } from './key-plan.ts';

const kids = (ages: Record<string, number>, nowMs = 1e12) =>
  publishedKeys(
    Object.entries(ages).map(([kid, ageMs]) => ({ kid, createdAtMs: nowMs - ageMs })),
    nowMs,
  ).map(({ kid }) => kid);

describe('the signing key', () => {
  it('is the only one there is, from the first moment', () => {
    expect(kids({ a: 0 })).toEqual(['a']);
  });

  it('stays the old one until the new one was published for a while', () => {
    expect(kids({ a: ROTATE_AFTER_MS, b: 0 })).toEqual(['a', 'b']);
    expect(kids({ a: ROTATE_AFTER_MS, b: PUBLISHED_AHEAD_MS })).toEqual(['b', 'a']);
  });

  it('is published for a day after another has taken over', () => {
    expect(kids({ a: ROTATE_AFTER_MS, b: PUBLISHED_AHEAD_MS + KEPT_AFTER_MS - 1 })).toEqual(['b', 'a']);
    expect(kids({ a: ROTATE_AFTER_MS, b: PUBLISHED_AHEAD_MS + KEPT_AFTER_MS })).toEqual(['b']);
  });

  it('is due when there is none, or when the newest is old', () => {
    expect(isKeyDue([], 0)).toBe(true);
    expect(isKeyDue([{ kid: 'a', createdAtMs: 0 }], ROTATE_AFTER_MS - 1)).toBe(false);
    expect(isKeyDue([{ kid: 'a', createdAtMs: 0 }], ROTATE_AFTER_MS)).toBe(true);
  });

  it('was published ahead whenever it takes over from another', () => {
    const ages = fc.uniqueArray(fc.integer({ min: 0, max: 10 * ROTATE_AFTER_MS }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(ages, (list) => {
        const [signing = ''] = kids(Object.fromEntries(list.map((ageMs) => [`k${ageMs}`, ageMs])));
        const ageMs = Number(signing.slice(1));
        expect(ageMs >= PUBLISHED_AHEAD_MS || ageMs === Math.max(...list)).toBe(true);
      }),
    );
  });
});
