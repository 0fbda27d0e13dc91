/** Markup whose values are escaped. */
export class Html {
  constructor(readonly text: string) {}
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (value: unknown): string =>
  value instanceof Html ? value.text : String(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/** Builds markup; values are escaped unless they are {@link Html}, lists are joined. */
export function html(parts: TemplateStringsArray, ...values: unknown[]): Html {
  const texts = values.map((value) => (Array.isArray(value) ? value.map(escaped).join('') : escaped(value)));
  return new Html(parts.map((part, index) => part + (texts[index] ?? '')).join(''));
}

export const NOTHING = new Html('');
