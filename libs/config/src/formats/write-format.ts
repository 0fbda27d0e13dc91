import { stringify as stringifyProperties } from 'dot-properties';
import { stringify as stringifyToml } from 'smol-toml';
import { stringify as stringifyYaml } from 'yaml';
import type { SettingsTree } from '../config.ts';
import { isTree } from '../merge.ts';
import { flatten } from './flatten.ts';
import type { Format } from './format.ts';

/**
 * Writes settings as text; the same settings are always the same text, so that clients may compare its MD5. TOML knows no
 * null: such a setting is left out. `text` is the setting `content`, or JSON where there is none.
 */
export function writeFormat(format: Format, settings: SettingsTree): string {
  if (Object.keys(settings).length === 0) return '';
  switch (format) {
    case 'json':
      return JSON.stringify(settings, null, 2);
    case 'yaml':
      return stringifyYaml(settings, { aliasDuplicateObjects: false });
    case 'properties':
      return writeProperties(flatten(settings));
    case 'toml':
      return stringifyToml(withoutNull(settings) as Record<string, unknown>);
    case 'text':
      return typeof settings.content === 'string' ? settings.content : JSON.stringify(settings, null, 2);
  }
}

/** Keys and values as a .properties file, in ASCII as Java wants it. */
export const writeProperties = (entries: Iterable<readonly [string, unknown]>): string =>
  stringifyProperties(
    [...entries].map(([key, value]) => [key, value === null ? '' : String(value)]),
    { latin1: true, lineWidth: null, keySep: '=' },
  ).replace(/(?<=.)$/, '\n');

function withoutNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((inner) => inner !== null).map(withoutNull);
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNull(inner)]),
  );
}
