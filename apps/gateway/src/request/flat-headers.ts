/**
 * Headers as one list: name (lower case), value, name, value. This is how node and undici give and take them, so that a
 * request which nobody changes is never turned into an object.
 */
export type FlatHeaders = string[];

/** The value of a header, several joined as RFC 9110 and RFC 6265 say; `name` in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] !== name) continue;
    const value = headers[at + 1] as string;
    found = found === undefined ? value : `${found}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return found;
}

/** Removes all headers of that name. */
export function removeHeader(headers: FlatHeaders, name: string): void {
  let to = 0;
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) continue;
    headers[to] = headers[at] as string;
    headers[to + 1] = headers[at + 1] as string;
    to += 2;
  }
  headers.length = to;
}

/** Puts a header in place of all of that name. */
export function setHeader(headers: FlatHeaders, name: string, value: string): void {
  removeHeader(headers, name);
  headers.push(name, value);
}

/** Headers by name, several of one name joined. */
export function recordOf(headers: readonly string[]): Record<string, string> {
  // A plain object would already have what it inherits: a header may be called `constructor`.
  const record = new Map<string, string>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const before = record.get(name);
    record.set(name, before === undefined ? (headers[at + 1] as string) : `${before}, ${headers[at + 1]}`);
  }
  return Object.fromEntries(record);
}

/** Headers of an object, as undici gives them, as one list. */
export function flatten(headers: Readonly<Record<string, string | readonly string[] | undefined>>): FlatHeaders {
  const flat: FlatHeaders = [];
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') flat.push(name, value);
    else for (const one of value ?? []) flat.push(name, one);
  }
  return flat;
}
