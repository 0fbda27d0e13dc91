/** What a template shows: text, lists and nested values. No numbers, so that every renderer writes the same bytes. */
export type TemplateValue = string | { readonly [name: string]: TemplateValue } | readonly TemplateValue[] | undefined;
export type TemplateData = { readonly [name: string]: TemplateValue };

type Part =
  | { kind: 'text'; text: string }
  | { kind: 'value'; name: string }
  | { kind: 'section'; name: string; inverted: boolean; parts: Part[] };

const TAG = /\{\{([#^/]?)([a-zA-Z][a-zA-Z0-9.]*)\}\}/g;

/**
 * A template without logic, which deploy/nginx/lua/template.lua renders to the same bytes: `{{name}}` is the value,
 * always escaped; `{{#name}}…{{/name}}` is once for a value that is not empty and once for each item of a list;
 * `{{^name}}…{{/name}}` is for an empty one. Names are looked up from the inside out.
 */
export class Template {
  readonly #parts: Part[];

  constructor(source: string) {
    const root: Part[] = [];
    const open: { name: string; parts: Part[] }[] = [];
    let parts = root;
    let at = 0;
    for (const match of source.matchAll(TAG)) {
      const [tag, sigil, name = ''] = match;
      if (match.index > at) parts.push({ kind: 'text', text: source.slice(at, match.index) });
      at = match.index + tag.length;
      if (sigil === '') parts.push({ kind: 'value', name });
      else if (sigil === '/') {
        const section = open.pop();
        if (section?.name !== name) throw new Error(`{{/${name}}} closes what is not open.`);
        parts = section.parts;
      } else {
        const inner: Part[] = [];
        parts.push({ kind: 'section', name, inverted: sigil === '^', parts: inner });
        open.push({ name, parts });
        parts = inner;
      }
    }
    if (open.length > 0) throw new Error(`{{#${open.at(-1)?.name}}} is not closed.`);
    if (at < source.length) root.push({ kind: 'text', text: source.slice(at) });
    this.#parts = root;
  }

  render(data: TemplateData): string {
    return write(this.#parts, [data]);
  }
}

function write(parts: readonly Part[], scopes: readonly TemplateValue[]): string {
  let out = '';
  for (const part of parts) {
    if (part.kind === 'text') out += part.text;
    else {
      const value = lookUp(part.name, scopes);
      if (part.kind === 'value') out += typeof value === 'string' ? escapeHtml(value) : '';
      else if (part.inverted) out += isEmpty(value) ? write(part.parts, scopes) : '';
      else if (Array.isArray(value)) for (const item of value) out += write(part.parts, [...scopes, item]);
      else if (!isEmpty(value)) out += write(part.parts, [...scopes, value]);
    }
  }
  return out;
}

function lookUp(path: string, scopes: readonly TemplateValue[]): TemplateValue {
  const [first = '', ...rest] = path.split('.');
  for (let index = scopes.length - 1; index >= 0; index--) {
    const found = memberOf(scopes[index], first);
    if (found !== undefined) return rest.reduce<TemplateValue>(memberOf, found);
  }
  return undefined;
}

function memberOf(value: TemplateValue, name: string): TemplateValue {
  if (typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined;
  return (value as TemplateData)[name];
}

const isEmpty = (value: TemplateValue): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
