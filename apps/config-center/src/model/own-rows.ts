import type { Format } from '@rookery/config';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Publication } from '../settings/release-rows.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { MadeOf, OwnColumn } from './model-tables.ts';
import { type Composed, type Own, type Place, placeText } from './resolution.ts';

type Row = Pick<
  Selectable<ConfigDatabase['setting_releases']>,
  'group_name' | 'service' | 'version' | 'settings' | 'format' | 'content' | 'removed' | 'own'
>;

/** What was written for the key of a release itself; undefined where nothing was, or it was removed. */
export function ownOf(row: Row): Own | undefined {
  const { group_name: group, service: name, version, own } = row;
  const place = { group, name };
  if (own) return own.settings ? { place, version, ...own, settings: own.settings } : undefined;
  if (row.removed) return undefined;
  return { place, version, settings: row.settings, format: row.format as Format, content: row.content };
}

/** That, as it is published again. */
export const writtenOf = (own: Own | undefined): Publication =>
  own
    ? { settings: own.settings, format: own.format, content: own.content, removed: false }
    : { settings: {}, removed: true };

/** What was written for many places, read in one question. */
export async function readOwn(
  within: Kysely<ConfigDatabase>,
  environment: string,
  places: readonly Place[],
): Promise<Map<string, Own>> {
  const found = new Map<string, Own>();
  if (places.length === 0) return found;
  const wanted = sql<boolean>`(group_name, service) in (select * from unnest(${places.map(({ group }) => group)}::text[], ${places.map(({ name }) => name)}::text[]))`;
  const rows = await within
    .selectFrom('setting_releases')
    .distinctOn(['group_name', 'service'])
    .select(['group_name', 'service', 'version', 'settings', 'format', 'content', 'removed', 'own'])
    .where('namespace', '=', environment)
    .where('grey', 'is', null)
    .where(wanted)
    .orderBy('group_name')
    .orderBy('service')
    .orderBy('version', 'desc')
    .execute();
  for (const row of rows) {
    const own = ownOf(row);
    if (own) found.set(placeText(own.place), own);
  }
  return found;
}

/** The columns that keep what was written where what is served is not just that. */
export function ownColumns(
  place: Place,
  { settings, format, content, removed }: Publication,
  composed: Composed | undefined,
  isResolved: boolean,
): { own: string | null; made_of: string | null } {
  const isOwn = composed?.madeOf.length === 1 && composed.madeOf[0]?.place === place;
  if (!composed || (isOwn && !isResolved)) return { own: null, made_of: null };
  const own: OwnColumn = { settings: removed ? null : settings, format: format ?? 'json', content: content ?? null };
  const madeOf: MadeOf[] = composed.madeOf.map(({ place: { group, name }, version }) => ({
    group,
    service: name,
    version,
  }));
  return { own: JSON.stringify(own), made_of: JSON.stringify(madeOf) };
}
