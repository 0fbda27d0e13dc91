import { flatten, type SettingsTree } from '@rookery/config';
import { errors } from '../errors.ts';
import { LIMIT_BYTES } from '../settings/check-settings.ts';
import { hasPlaceholder, type Placeholder, readTemplate, type Template } from './template.ts';

type Leaf = string | number | boolean | null;

/** What becomes of a placeholder whose key is not there: the release is refused, or the client knows more and it stays. */
export type WhenMissing = 'refuse' | 'leave';

/** A placeholder may name one with a placeholder, and so on. */
const LONGEST = 100;
const SECRET = '{cipher}';
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,14})?)$/;

/**
 * Puts the settings that placeholders name in their places. One that is a whole value takes the other's type, or that of its
 * default where `typed`. A circle is refused with its path.
 */
export function resolvePlaceholders(
  tree: SettingsTree,
  whenMissing: WhenMissing,
  typed: boolean,
): Record<string, unknown> {
  const flat = flatten(tree);
  const done = new Map<string, Leaf>();
  const open: string[] = [];

  const valueAt = (path: string): Leaf => {
    const known = done.get(path);
    if (known !== undefined) return known;
    const written = flat.get(path) ?? null;
    if (typeof written !== 'string' || !hasPlaceholder(written)) return written;
    if (open.includes(path)) throw errors.placeholderCycle([...open.slice(open.indexOf(path)), path]);
    if (open.length >= LONGEST) throw errors.notSettings(path, `at most ${LONGEST} placeholders in a row`, 'more');
    open.push(path);
    const value = ofTemplate(readTemplate(written));
    open.pop();
    done.set(path, value);
    return value;
  };

  const ofTemplate = (template: Template): Leaf => {
    const [only] = template;
    if (template.length === 1 && typeof only === 'object') return ofPlaceholder(only, typed);
    let text = '';
    for (const part of template) {
      text += typeof part === 'string' ? part : textOf(ofPlaceholder(part, false));
      if (text.length > LIMIT_BYTES) throw errors.tooLarge(text.length, LIMIT_BYTES);
    }
    return text;
  };

  const ofPlaceholder = ({ key, otherwise }: Placeholder, whole: boolean): Leaf => {
    const path = textOf(ofTemplate(key)).trim();
    if (flat.has(path)) {
      const value = valueAt(path);
      if (typeof value === 'string' && value.startsWith(SECRET)) throw errors.placeholderSecret(path, open);
      return value;
    }
    if (otherwise) {
      const value = ofTemplate(otherwise);
      return whole && typeof value === 'string' && SCALAR.test(value) ? (JSON.parse(value) as Leaf) : value;
    }
    if (whenMissing === 'refuse') throw errors.placeholderMissing(path, open);
    return `\${${path}}`;
  };

  const walk = (value: unknown, path: string): unknown => {
    if (Array.isArray(value)) return value.map((inner, index) => walk(inner, `${path}[${index}]`));
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? valueAt(path) : value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, walk(inner, path === '' ? key : `${path}.${key}`)]),
    );
  };
  return walk(tree, '') as Record<string, unknown>;
}

const textOf = (value: Leaf): string => (value === null ? '' : String(value));
