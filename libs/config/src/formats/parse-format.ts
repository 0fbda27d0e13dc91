import { parseLines } from 'dot-properties';
import { parse as parseToml, TomlError } from 'smol-toml';
import type { SettingsTree } from '../config.ts';
import { errors } from '../errors.ts';
import { isTree } from '../merge.ts';
import { parseSettings } from '../parse-settings.ts';
import { unflatten } from './flatten.ts';
import type { Format } from './format.ts';

const WRITTEN_BY_HAND_CHARS = 32 * 1_024;

/**
 * Reads settings out of text. Values of .properties are text, dates of TOML become ISO text, and text without a format is
 * one setting, `content`. Empty text is no settings. An error names the place and the kind of mistake, never the text.
 */
export function parseFormat(format: Format, text: string, name: string): SettingsTree {
  switch (format) {
    case 'json':
      return (text.length > WRITTEN_BY_HAND_CHARS ? jsonOf(text) : undefined) ?? parseSettings(text, name);
    case 'yaml':
      return parseSettings(text, name);
    case 'properties':
      return unflatten(propertiesOf(text));
    case 'toml':
      return tomlOf(text, name);
    case 'text':
      return text === '' ? {} : { content: text };
  }
}

/**
 * A hundred times faster than YAML, which contains it; a list of thousands, which a program wrote, counts in that. YAML
 * tells better what is wrong, and refuses a key that stands twice.
 */
function jsonOf(text: string): SettingsTree | undefined {
  try {
    const tree: unknown = JSON.parse(text);
    return isTree(tree) ? tree : undefined;
  } catch {
    return undefined;
  }
}

/** The lines in their order; of a key that comes twice the last. */
function propertiesOf(text: string): Map<string, string> {
  const lines = parseLines(text).filter((line) => Array.isArray(line));
  return new Map(lines.map(([key = '', value = '']) => [key, value]));
}

function tomlOf(text: string, name: string): SettingsTree {
  try {
    return JSON.parse(JSON.stringify(parseToml(text))) as SettingsTree;
  } catch (error) {
    if (error instanceof TomlError) {
      const [what] = error.message.replace(/^Invalid TOML document: /, '').split('\n', 1);
      throw errors.unreadable(name, `line ${error.line}, column ${error.column}: ${what}`);
    }
    throw errors.unreadable(name, 'it is no TOML');
  }
}
