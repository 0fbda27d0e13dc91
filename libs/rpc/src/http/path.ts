/** Names of the parameters in a path: `'id'` for `/films/:id`. */
export type ParametersOf<Path extends string> = Path extends `${infer Head}/${infer Rest}`
  ? ParametersOf<Head> | ParametersOf<Rest>
  : Path extends `:${infer Name}`
    ? Name
    : never;

export type PathValue = string | number;

/** The path with its parameters filled in, each percent-encoded; names what cannot stand in a path by calling `missing`. */
export function fillPath(
  path: string,
  values: Readonly<Record<string, unknown>>,
  missing: (name: string) => Error,
): string {
  return path
    .split('/')
    .map((segment) => {
      if (!segment.startsWith(':')) return segment;
      const value = values[segment.slice(1)];
      // A segment of dots would climb up the path, percent-encoded or not.
      if (value === undefined || value === null || /^\.{0,2}$/.test(String(value))) throw missing(segment.slice(1));
      return encodeURIComponent(String(value));
    })
    .join('/');
}

/** A query string with its `?`; empty values are left out, lists repeat their name. */
export function queryString(values: Readonly<Record<string, unknown>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) query.append(name, String(one));
    }
  }
  return query.size > 0 ? `?${query}` : '';
}
