import { randomBytes } from 'node:crypto';

/** Where the key of a call is: calls with one key go to one instance. */
export interface Sticky {
  header?: string | undefined;
  cookie?: string | undefined;
  /** How long a browser keeps a cookie that the gateway gave it; until it is closed when not given. */
  maxAgeMs?: number | undefined;
}

/**
 * The key that a call brings.
 * @param header value of a request header, by its name in lower case
 */
export function stickyKey(
  { header, cookie }: Sticky,
  read: (header: string) => string | undefined,
): string | undefined {
  const value = header === undefined ? cookieValue(read('cookie'), cookie) : read(header);
  return value || undefined;
}

/** A key for a caller that has none, to be given to it as {@link stickyCookie}. */
export const newStickyKey = (): string => randomBytes(12).toString('base64url');

/** `Set-Cookie` that makes a browser come with this key; undefined where callers bring a header. */
export function stickyCookie({ cookie, maxAgeMs }: Sticky, key: string): string | undefined {
  if (cookie === undefined) return undefined;
  const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.ceil(maxAgeMs / 1_000)}`;
  return `${cookie}=${key}; Path=/; HttpOnly; SameSite=Lax${age}`;
}

function cookieValue(cookies: string | undefined, name: string | undefined): string | undefined {
  for (const pair of cookies?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
