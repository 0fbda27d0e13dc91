import { flatten } from '@rookery/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffOf } from '../settings/diff.ts';
import { editTree } from './edit-tree.ts';
import { mergeThree } from './merge-three.ts';

const key = fc.stringMatching(/^[a-e]$/);
const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constantFrom('x', 'y'));
const tree = fc.dictionary(
  key,
  fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3, noNullPrototype: true })),
  { maxKeys: 4, noNullPrototype: true },
);

describe('edits of a tree', () => {
  it('make of one tree another when they are the difference of the two', () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const { added, removed, changed } = diffOf(before, after);
        const set = { ...added, ...Object.fromEntries(Object.entries(changed).map(([path, { to }]) => [path, to])) };
        expect(flatten(editTree(before, { set, remove: Object.keys(removed) }))).toEqual(flatten(after));
      }),
    );
  });

  it('reach into lists, and remove what they leave empty', () => {
    const before = { hosts: ['a', 'b', 'c'], limits: { old: 1 } };
    expect(editTree(before, { set: { 'hosts[0]': 'd' }, remove: ['hosts[1]', 'hosts[2]', 'limits.old'] })).toEqual({
      hosts: ['d'],
    });
    expect(editTree({}, { set: { 'a.b[0].c': { d: 1 } }, remove: [] })).toEqual({ a: { b: [{ c: { d: 1 } }] } });
    expect(before).toEqual({ hosts: ['a', 'b', 'c'], limits: { old: 1 } });
  });

  it.each(['', 'a..b', 'a[x]', '[0]', 'a.', '__proto__.x', 'hosts[5]', 'hosts.a'])('refuse the path %j', (path) => {
    expect(() => editTree({ hosts: ['a'] }, { set: { [path]: 1 }, remove: [] })).toThrow(/no path/);
  });
});

describe('a merge of two changes', () => {
  it('keeps both where they do not meet, and is mine where nobody else changed anything', () => {
    expect(
      mergeThree({ a: 1, b: 1, c: { d: 1, e: 1 } }, { a: 2, b: 1, c: { d: 1 } }, { a: 1, c: { d: 2, e: 1 } }),
    ).toEqual({
      tree: { a: 2, c: { d: 2 } },
      conflicts: [],
    });
    fc.assert(
      fc.property(tree, tree, (base, changed) => {
        expect(mergeThree(base, changed, base)).toEqual({ tree: changed, conflicts: [] });
        expect(mergeThree(base, base, changed)).toEqual({ tree: changed, conflicts: [] });
        expect(mergeThree(base, changed, changed)).toEqual({ tree: changed, conflicts: [] });
      }),
    );
  });

  it('names what both changed, whichever way round', () => {
    fc.assert(
      fc.property(tree, tree, tree, (base, mine, theirs) => {
        expect(mergeThree(base, mine, theirs).conflicts.toSorted()).toEqual(
          mergeThree(base, theirs, mine).conflicts.toSorted(),
        );
      }),
    );
    expect(mergeThree({ a: { b: 1 } }, { a: { b: 2 } }, { a: { b: 3 } }).conflicts).toEqual(['a.b']);
    expect(mergeThree({ a: 1 }, {}, { a: 2 }).conflicts).toEqual(['a']);
  });
});
