import type { z } from 'zod';
import type { SettingsTree } from './config.ts';
import { describeIssues } from './describe-issues.ts';
import { isTree, type Merged, pathKey } from './merge.ts';

export type Reading<T> = { ok: true; value: T } | { ok: false; reason: string };

/**
 * Reads settings as a schema wants them. Where the schema refuses a text leaf (of the environment), the text is
 * interpreted as JSON and the schema asked once more: `"50"` becomes 50 only where text is not wanted. A schema may take its
 * time (transforms that are async): what it reads may be long, and the process serves meanwhile.
 */
export async function readAs<T>(
  schema: z.ZodType<T>,
  section: string | undefined,
  merged: Merged,
): Promise<Reading<T>> {
  const input = section === undefined ? merged.tree : (merged.tree[section] ?? {});
  const prefix = section === undefined ? [] : [section];
  const first = await schema.safeParseAsync(input);
  if (first.success) return { ok: true, value: first.data };

  const texts = first.error.issues
    .map(({ path }) => path)
    .filter((path) => path.length > 0 && merged.textPaths.has(pathKey([...prefix, ...path])));
  if (texts.length === 0) return { ok: false, reason: describeIssues(first.error.issues, input, prefix) };

  const interpreted = texts.reduce<unknown>((tree, path) => mapAt(tree, path, fromJson), input);
  const second = await schema.safeParseAsync(interpreted);
  if (second.success) return { ok: true, value: second.data };
  return { ok: false, reason: describeIssues(second.error.issues, interpreted, prefix) };
}

function mapAt(tree: unknown, [key, ...rest]: readonly PropertyKey[], map: (value: unknown) => unknown): unknown {
  if (key === undefined) return map(tree);
  if (!isTree(tree)) return tree;
  return { ...tree, [key]: mapAt((tree as SettingsTree & Record<PropertyKey, unknown>)[key], rest, map) };
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
