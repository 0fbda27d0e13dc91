import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AliasTable } from './alias-table.ts';

it('the alias table gives each index exactly its share of the line', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 12 }),
      (weights) => {
        const table = new AliasTable(weights);
        const points = 24_000;
        const hits = weights.map(() => 0);
        for (let point = 0; point < points; point++) {
          const at = table.draw((point + 0.5) / points);
          hits[at] = (hits[at] ?? 0) + 1;
        }
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        for (const [at, weight] of weights.entries())
          expect(Math.abs((hits[at] ?? 0) / points - weight / total)).toBeLessThan(0.001);
      },
    ),
  );
});
