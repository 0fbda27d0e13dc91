import { SettingKey } from '../settings/setting-key.ts';
import type { Heads } from './git-repository.ts';

/** A branch or tag, and where it points. */
export interface GitLabel {
  readonly name: string;
  readonly commit: string;
}

export const HEAD_GROUP = 'default';
const MOST_LABELS = 50;

/** A label as the name of a group, which knows no `/`; Spring's clients write it as `(_)`. No branch has a `:` in it. */
export const groupOfLabel = (label: string): string => label.replaceAll('(_)', ':').replaceAll('/', ':');

/** The groups of an environment, by the labels that are wanted: HEAD is `default`. Names that no group can have are left out. */
export function groupsOf({ head, commits }: Heads, wanted: readonly string[]): Map<string, GitLabel> {
  const groups = new Map<string, GitLabel>();
  const commit = head === undefined ? undefined : commits.get(head);
  if (head !== undefined && commit !== undefined) groups.set(HEAD_GROUP, { name: head, commit });
  const patterns = wanted.map((pattern) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`));
  for (const [name, at] of commits) {
    const group = groupOfLabel(name);
    const isWanted = patterns.some((pattern) => pattern.test(name));
    if (!isWanted || group === HEAD_GROUP || groups.size >= MOST_LABELS) continue;
    if (SettingKey.shape.group.safeParse(group).success) groups.set(group, { name, commit: at });
  }
  return groups;
}

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
