import type { Format } from '@rookery/config';
import type { Kysely } from 'kysely';
import type { Publication } from '../settings/release-rows.ts';
import type { SettingKey } from '../settings/setting-key.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { EnvironmentModel } from './environment-model.ts';
import { ownColumns, readOwn } from './own-rows.ts';
import { compose, layersOf, type Own, type Place, placeText } from './resolution.ts';

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
  const columns = ownColumns(place, written, composed);
  if (!composed) return { settings: {}, format, content: null, removed: true, columns };
  return { settings: composed.settings, format: composed.format, content: composed.content, removed: false, columns };
}
