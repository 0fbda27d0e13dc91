/** The directives of a Cache-Control header; the first of a name counts. */
export function directivesOf(header: string | undefined): Map<string, string | true> {
  const directives = new Map<string, string | true>();
  for (const [, name = '', quoted, plain] of (header ?? '').matchAll(
    /([^\s,;=]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,;]*)))?/g,
  )) {
    const key = name.toLowerCase();
    if (!directives.has(key)) directives.set(key, quoted ?? plain ?? true);
  }
  return directives;
}

const written = (directives: ReadonlyMap<string, string | true>): string =>
  [...directives].map(([name, value]) => (value === true ? name : `${name}=${value}`)).join(', ');

export interface StaleDefaults {
  staleWhileRevalidateSeconds: number;
  staleIfErrorSeconds: number;
}

/**
 * A response's Cache-Control as the policy is to read it. `must-revalidate` forbids what is stale and not what is fresh, as
 * which http-cache-semantics takes it: it is replaced by what it means.
 */
export function responseControl(header: string | undefined, defaults: StaleDefaults): string {
  const directives = directivesOf(header);
  const strict = directives.delete('must-revalidate');
  if (directives.delete('proxy-revalidate') || strict) {
    directives.delete('stale-while-revalidate');
    directives.delete('stale-if-error');
    return written(directives);
  }
  const { staleWhileRevalidateSeconds, staleIfErrorSeconds } = defaults;
  if (!directives.has('stale-while-revalidate') && staleWhileRevalidateSeconds > 0)
    directives.set('stale-while-revalidate', String(staleWhileRevalidateSeconds));
  if (!directives.has('stale-if-error') && staleIfErrorSeconds > 0)
    directives.set('stale-if-error', String(staleIfErrorSeconds));
  return written(directives);
}

/** A request's Cache-Control as the policy is to read it: that a client would take stale responses is not made use of. */
export function requestControl(header: string | undefined): string {
  const directives = directivesOf(header);
  directives.delete('max-stale');
  return written(directives);
}
