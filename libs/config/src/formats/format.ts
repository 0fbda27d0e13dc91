/** How settings are written as text. `text` is whatever it is: nothing in it is a setting. */
export const FORMATS = ['json', 'yaml', 'properties', 'toml', 'text'] as const;

export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, Format>> = {
  json: 'json',
  yaml: 'yaml',
  yml: 'yaml',
  properties: 'properties',
  toml: 'toml',
  txt: 'text',
  xml: 'text',
};

/** The format that a file's name ends in, and the name before that; undefined where it ends in none. */
export function formatOfName(name: string): { format: Format; base: string } | undefined {
  const dot = name.lastIndexOf('.');
  const format = dot > 0 ? EXTENSIONS[name.slice(dot + 1).toLowerCase()] : undefined;
  return format && { format, base: name.slice(0, dot) };
}
