import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SettingsTree } from './config.ts';
import { isTree, merge } from './merge.ts';

const layer = (settings: SettingsTree, text = false) => ({
  source: { name: 'x', text, load: async () => ({ version: 1, settings }), close: async () => {} },
  snapshot: { version: 1, settings },
});
const trees = fc
  .dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 }))
  .map((tree) => JSON.parse(JSON.stringify(tree)) as SettingsTree);

it('keeps every leaf of the highest layer', () => {
  fc.assert(
    fc.property(trees, trees, (below, above) => {
      const { tree } = merge([layer(below), layer(above)]);
      for (const [key, value] of Object.entries(above)) if (!isTree(value)) expect(tree[key]).toEqual(value);
    }),
  );
});

it('keeps what only a lower layer has', () => {
  fc.assert(
    fc.property(trees, trees, (below, above) => {
      const { tree } = merge([layer(below), layer(above)]);
      for (const key of Object.keys(below)) if (!(key in above)) expect(tree[key]).toEqual(below[key]);
    }),
  );
});

it('changes nothing when the same layer is laid twice, and never its inputs', () => {
  fc.assert(
    fc.property(trees, (settings) => {
      const copy = structuredClone(settings);
      expect(merge([layer(settings), layer(settings)]).tree).toEqual(merge([layer(settings)]).tree);
      expect(settings).toEqual(copy);
    }),
  );
});

it('knows which leaves are text, and forgets it where a later layer replaces them', () => {
  const text = layer({ a: '1', b: { c: '2' } }, true);
  expect([...merge([text]).textPaths]).toEqual(['a', 'b\0c']);
  expect([...merge([text, layer({ a: 1 })]).textPaths]).toEqual(['b\0c']);
});
