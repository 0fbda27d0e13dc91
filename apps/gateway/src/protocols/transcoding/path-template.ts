/** A path template of google.api.http, as something that paths are held against. */
export interface PathTemplate {
  readonly pattern: RegExp;
  /** Field paths of the captures, in order; `whole` where a value may hold slashes. */
  readonly fields: readonly { path: readonly string[]; whole: boolean }[];
  /** Segments that are fixed: of two templates that fit, the one with more of them is meant. */
  readonly literals: number;
}

const VARIABLE = /^\{([a-zA-Z_][\w.]*)(?:=([^{}]+))?\}$/;
const PIECES = /\{[^{}]+\}|[^/]+/g;

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Reads `/v1/{name=shelves/*}/books:verb`; throws with what is wrong with it. */
export function readPathTemplate(template: string): PathTemplate {
  if (!template.startsWith('/')) throw new Error(`the path ${template} does not begin with /`);
  const verbAt = template.indexOf(':', Math.max(template.lastIndexOf('/'), template.lastIndexOf('}')));
  const verb = verbAt < 0 ? '' : template.slice(verbAt);
  const path = verbAt < 0 ? template : template.slice(0, verbAt);
  const fields: { path: string[]; whole: boolean }[] = [];
  let literals = verb ? 1 : 0;
  const segment = (text: string): string => {
    if (text === '*') return verb ? '[^/:]+' : '[^/]+';
    if (text === '**') return '.*';
    literals++;
    return escaped(text);
  };
  const pieces = (path.match(PIECES) ?? []).map((piece) => {
    if (!piece.startsWith('{')) return segment(piece);
    const [, field, inner = '*'] = VARIABLE.exec(piece) ?? [];
    if (field === undefined) throw new Error(`${piece} in the path ${template} is no variable`);
    fields.push({ path: field.split('.'), whole: inner !== '*' });
    return `(${inner.split('/').map(segment).join('/')})`;
  });
  return { pattern: new RegExp(`^/${pieces.join('/')}${escaped(verb)}$`), fields, literals };
}
