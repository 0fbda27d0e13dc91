import type { SettingsTree } from '../config.ts';
import { isTree } from '../merge.ts';

/** One setting with its whole path as key, as Spring and .properties files write it. */
export type FlatSettings = ReadonlyMap<string, string | number | boolean | null>;

/** `{ a: { b: [1, 2] } }` as `a.b[0]` = 1 and `a.b[1]` = 2. What is empty (`{}`, `[]`) has no line. */
export function flatten(tree: SettingsTree): FlatSettings {
  const flat = new Map<string, string | number | boolean | null>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const [index, inner] of value.entries()) walk(inner, `${path}[${index}]`);
    } else if (isTree(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else {
      flat.set(path, value as string | number | boolean | null);
    }
  };
  walk(tree, '');
  return flat;
}

const SEGMENT = /\[(\d{1,4})\]|([^.[\]]+)/g;
const LONGEST_LIST = 10_000;

/**
 * The tree that {@link flatten} came from. Where a key is both a value and the start of longer ones (`a=1`, `a.b=2`), the
 * longer ones win, as they do in Spring's lists. A list with holes has null in them.
 */
export function unflatten(entries: Iterable<readonly [string, unknown]>): SettingsTree {
  const root: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    const path = [...key.matchAll(SEGMENT)].map(([, index, name]) =>
      index === undefined ? (name ?? '') : Number(index),
    );
    if (path.length === 0 || path.includes('__proto__')) continue;
    put(root, path, value);
  }
  return root;
}

type Holder = Record<PropertyKey, unknown>;

function put(root: Holder, path: readonly (string | number)[], value: unknown): void {
  let holder = root;
  for (const [at, segment] of path.entries()) {
    const next = path[at + 1];
    if (Array.isArray(holder)) {
      if (typeof segment !== 'number' || segment >= LONGEST_LIST) return;
      while (holder.length < segment) holder.push(null);
    }
    const there = Object.hasOwn(holder, segment) ? holder[segment] : undefined;
    const holds = typeof there === 'object' && there !== null;
    if (next === undefined) {
      if (!holds) holder[segment] = value;
      return;
    }
    if (!holds) holder[segment] = typeof next === 'number' ? [] : {};
    holder = holder[segment] as Holder;
  }
}
