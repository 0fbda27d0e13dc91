/** A text with placeholders in it: what stands as it is, and what is looked up. */
export type Template = readonly (string | Placeholder)[];

export interface Placeholder {
  /** The key may be made of others: `${a.${b}}`. */
  readonly key: Template;
  /** What stands after the first colon. */
  readonly otherwise: Template | undefined;
}

const DEEPEST = 20;

/**
 * Reads `${key}` and `${key:default}`, each with more of them inside. `\${` is the text `${`. What is not closed, or nested
 * deeper than twenty, is text.
 */
export function readTemplate(text: string, depth = 0): Template {
  const parts: (string | Placeholder)[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    if (text.startsWith('\\${', at)) {
      plain += '${';
      at += 3;
      continue;
    }
    const end = text.startsWith('${', at) && depth < DEEPEST ? closingOf(text, at + 2) : -1;
    if (end < 0) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain !== '') parts.push(plain);
    plain = '';
    const inner = text.slice(at + 2, end);
    const colon = colonOf(inner);
    parts.push({
      key: readTemplate(colon < 0 ? inner : inner.slice(0, colon), depth + 1),
      otherwise: colon < 0 ? undefined : readTemplate(inner.slice(colon + 1), depth + 1),
    });
    at = end + 1;
  }
  if (plain !== '') parts.push(plain);
  return parts;
}

/** Whether there is anything to read in a text. */
export const hasPlaceholder = (text: string): boolean => text.includes('${');

function closingOf(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) open += 1;
    else if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return -1;
}

/** The first colon that is not inside another placeholder. */
function colonOf(text: string): number {
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith('${', at)) open += 1;
    else if (text[at] === '}') open -= 1;
    else if (text[at] === ':' && open === 0) return at;
  }
  return -1;
}
