import { layOver, type SettingsTree } from '@rookery/config';
import { type Documents, keyOf } from '../../documents/documents.ts';
import { groupOfLabel } from '../../git/git-labels.ts';
import type { Caller } from '../../grey/caller.ts';
import { NO_RELEASE, type Release } from '../../settings/release.ts';
import type { Publication } from '../../settings/release-rows.ts';

/** One source of a Spring environment; the first wins. */
export interface SpringSource {
  readonly name: string;
  readonly release: Release;
}

/** The environment of Spring's clients. */
export const SPRING_NAMESPACE = 'default';
const SHARED = 'application';
const MAIN_LABELS = new Set(['', 'main', 'master', 'latest']);

/**
 * The sources of an application, highest first: those of the last profile, of the ones before it, then those without a
 * profile; within each the application's before that of all (`application`). The label is the group.
 */
export async function springSources(
  documents: Documents,
  application: string,
  profiles: readonly string[],
  label: string,
  caller: Caller,
): Promise<SpringSource[]> {
  const group = MAIN_LABELS.has(label) ? 'default' : groupOfLabel(label);
  const sources: SpringSource[] = [];
  for (const name of namesOf(application, profiles)) {
    const found = await documents.find([{ key: keyOf(SPRING_NAMESPACE, group, name) }], caller);
    if (found) sources.push({ name: `rookery:${group}/${name}`, release: found.release });
  }
  return sources;
}

/** The sources of one commit of a repository, in the same order. */
export function commitSources(
  files: ReadonlyMap<string, Publication>,
  application: string,
  profiles: readonly string[],
  commit: string,
): SpringSource[] {
  return namesOf(application, profiles).flatMap((name) => {
    const written = files.get(name);
    return written
      ? [{ name: `rookery:${commit}/${name}`, release: { ...NO_RELEASE, settings: written.settings } }]
      : [];
  });
}

const namesOf = (application: string, profiles: readonly string[]): string[] =>
  [...profiles.map((profile) => `-${profile}`).reverse(), ''].flatMap((suffix) =>
    [...new Set([application, SHARED])].map((name) => name + suffix),
  );

/** What the sources say together. */
export function together(sources: readonly SpringSource[]): SettingsTree {
  return sources.toReversed().reduce<SettingsTree>((below, { release }) => layOver(below, release.settings), {});
}
