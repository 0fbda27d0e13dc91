import type { ConfigSource, SettingsTree, Snapshot } from './config.ts';

/** A source and what it holds. */
export interface Layer {
  readonly source: ConfigSource;
  readonly snapshot: Snapshot;
}

export interface Merged {
  readonly tree: SettingsTree;
  /** Paths (as {@link pathKey} writes them) whose value is text for the schema to interpret. */
  readonly textPaths: ReadonlySet<string>;
}

export const pathKey = (path: readonly PropertyKey[]): string => path.map(String).join('\0');

/** Lays later layers over earlier ones: objects key by key, anything else (lists too, and null) as a whole. */
export function merge(layers: readonly Layer[]): Merged {
  const textPaths = new Set<string>();
  let tree: SettingsTree = {};
  for (const { source, snapshot } of layers) {
    tree = overlay(tree, snapshot.settings, [], (path) => {
      if (source.text || snapshot.text) textPaths.add(pathKey(path));
      else textPaths.delete(pathKey(path));
    });
  }
  return { tree, textPaths };
}

function overlay(
  below: SettingsTree,
  above: SettingsTree,
  path: readonly string[],
  onLeaf: (path: readonly string[]) => void,
): SettingsTree {
  const result: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    if (key === '__proto__') continue;
    const here = [...path, key];
    if (isTree(value)) {
      const under = result[key];
      result[key] = overlay(isTree(under) ? under : {}, value, here, onLeaf);
    } else {
      result[key] = value;
      onLeaf(here);
    }
  }
  return result;
}

/** One tree over another: objects key by key, anything else as a whole. */
export const layOver = (below: SettingsTree, above: SettingsTree): SettingsTree => overlay(below, above, [], () => {});

/** Whether a value is an object of settings, not a list or a leaf. */
export const isTree = (value: unknown): value is SettingsTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Freezes a value with everything in it. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return ArrayBuffer.isView(value) ? value : Object.freeze(value);
}
