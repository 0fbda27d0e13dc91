import { flatten, type SettingsTree } from '@rookery/config';
import { z } from 'zod';

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What changed from one release to another, by the whole path of each setting. */
export const Diff = z.object({
  from: z.number().int(),
  to: z.number().int().nullable().meta({ description: 'Null for what has not been published.' }),
  added: z.record(z.string(), value),
  removed: z.record(z.string(), value),
  changed: z.record(z.string(), z.object({ from: value, to: value })),
});

export type Diff = z.output<typeof Diff>;

/** Compares settings leaf by leaf: in a list each place is a setting. */
export function diffOf(before: SettingsTree, after: SettingsTree): Pick<Diff, 'added' | 'removed' | 'changed'> {
  const [old, now] = [flatten(before), flatten(after)];
  const changed: Diff['changed'] = {};
  for (const [path, to] of now) {
    const from = old.get(path);
    if (from !== undefined && from !== to) changed[path] = { from, to };
  }
  return {
    added: Object.fromEntries([...now].filter(([path]) => !old.has(path))),
    removed: Object.fromEntries([...old].filter(([path]) => !now.has(path))),
    changed,
  };
}
