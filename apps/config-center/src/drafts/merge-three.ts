import { isDeepStrictEqual } from 'node:util';
import type { SettingsTree } from '@rookery/config';

/** What two changes of one tree make together, and where they contradict each other. */
export interface Merged {
  readonly tree: Record<string, unknown>;
  /** Paths that both changed, each to something else; the tree has mine there. */
  readonly conflicts: readonly string[];
}

const isTree = (value: unknown): value is SettingsTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lays my change of `base` over theirs. A list is one setting. */
export function mergeThree(base: SettingsTree, mine: SettingsTree, theirs: SettingsTree): Merged {
  const conflicts: string[] = [];
  const merge = (below: SettingsTree, one: SettingsTree, other: SettingsTree, path: readonly string[]) => {
    const tree: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys(other), ...Object.keys(one)])) {
      const [old, my, their] = [below, one, other].map((each) => (Object.hasOwn(each, key) ? each[key] : undefined));
      const here = [...path, key];
      if (isTree(my) && isTree(their)) tree[key] = merge(isTree(old) ? old : {}, my, their, here);
      else if (isDeepStrictEqual(my, old) || isDeepStrictEqual(my, their)) keep(tree, key, their);
      else {
        if (!isDeepStrictEqual(their, old)) conflicts.push(here.join('.'));
        keep(tree, key, my);
      }
    }
    return tree;
  };
  return { tree: merge(base, mine, theirs, []), conflicts };
}

function keep(tree: Record<string, unknown>, key: string, value: unknown): void {
  if (value !== undefined) tree[key] = value;
}
