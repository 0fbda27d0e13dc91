import { isDeepStrictEqual } from 'node:util';
import type { Format } from '@rookery/config';
import type { Kysely } from 'kysely';
import { resolvePlaceholders } from '../placeholders/resolve-placeholders.ts';
import type { Publication } from '../settings/release-rows.ts';
import type { SettingKey } from '../settings/setting-key.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { DeclaredNamespace, EnvironmentModel } from './environment-model.ts';
import { ownColumns, readOwn } from './own-rows.ts';
import { type Composed, compose, layersOf, type Own, type Place, placeText } from './resolution.ts';

/** What is stored: the settings that are served, and the columns that keep what was written where that differs. */
export type ComposedRelease = Pick<Publication, 'settings' | 'format' | 'content' | 'removed'> & {
  readonly columns: ReturnType<typeof ownColumns>;
};

export const placeOf = ({ group, service }: SettingKey): Place => ({ group, name: service });

/** Lays what is written for a key, as its next version, over what the key inherits. */
export async function composeRelease(
  within: Kysely<ConfigDatabase>,
  model: EnvironmentModel,
  key: SettingKey,
  version: number,
  written: Publication,
): Promise<ComposedRelease> {
  const place = placeOf(key);
  const layers = layersOf(model, place);
  const text = placeText(place);
  const others = layers.flat().filter((each) => placeText(each) !== text);
  const found = await readOwn(within, key.namespace, others);
  const { settings, format, content, removed } = written;
  if (!removed) {
    const own: Own = { place, version, settings, format: format ?? ('json' as Format), content: content ?? null };
    found.set(text, own);
  }
  const composed = compose(
    layers.map((layer) => layer.map((each) => found.get(placeText(each))).find((each) => each !== undefined)),
  );
  if (!composed) {
    return { settings: {}, format, content: null, removed: true, columns: ownColumns(place, written, composed, false) };
  }
  const resolved = resolvedBy(model.namespaces.get(place.name)?.placeholders ?? null, composed);
  const isResolved = resolved !== composed.settings;
  return {
    settings: resolved,
    format: composed.format,
    content: isResolved ? null : composed.content,
    removed: false,
    columns: ownColumns(place, written, composed, isResolved),
  };
}

/** What is served; the same object where no placeholder was put in. Clients know more keys, so only circles are refused them. */
function resolvedBy(by: DeclaredNamespace['placeholders'], { settings, format }: Composed): Record<string, unknown> {
  if (by === null || format === 'text') return settings;
  const resolved = resolvePlaceholders(settings, by === 'server' ? 'refuse' : 'leave', format !== 'properties');
  return by === 'client' || isDeepStrictEqual(resolved, settings) ? settings : resolved;
}
