import fc from 'fast-check';
import { expect, it } from 'vitest';
import { subsetOf } from './subset.ts';
import { idle, idleOnes } from './testing/loads.ts';

const ids = (loads: ReturnType<typeof idleOnes>, caller: string, size: number) =>
  subsetOf(loads, caller, size).map(({ instance }) => instance.id);

it('a subset is the same each time, has its size, and changes by one at most when one joins or leaves', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 2, max: 60 }),
      fc.integer({ min: 1, max: 70 }),
      (caller, count, size) => {
        const loads = idleOnes(count);
        const before = ids(loads, caller, size);
        expect(before).toHaveLength(Math.min(size, count));
        expect(new Set(ids(loads.toReversed(), caller, size))).toEqual(new Set(before));
        const gone = loads.slice(1);
        const after = new Set(ids(gone, caller, size));
        expect(before.filter((id) => !after.has(id)).length).toBeLessThanOrEqual(1);
        expect([...after].filter((id) => !before.includes(id)).length).toBeLessThanOrEqual(1);
      },
    ),
  );
});

it('all instances get about as many callers, by weight', () => {
  const loads = idle(...Array.from({ length: 50 }, (_, at) => (at < 10 ? 2 : 1)));
  const callers = 2_000;
  const count = new Map(loads.map(({ instance }) => [instance.id, 0]));
  for (let caller = 0; caller < callers; caller++)
    for (const id of ids(loads, `caller-${caller}`, 6)) count.set(id, (count.get(id) ?? 0) + 1);
  const perWeight = loads.map(({ instance }) => (count.get(instance.id) ?? 0) / instance.weight);
  const mean = (callers * 6) / 60;
  for (const each of perWeight) expect(Math.abs(each / mean - 1)).toBeLessThan(0.3);
});
