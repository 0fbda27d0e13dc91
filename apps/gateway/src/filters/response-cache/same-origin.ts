const OF_HTTP = new Set(['http:', 'https:']);

/**
 * The path and query that a `Location` or `Content-Location` stands for, where they are of the origin that was asked (RFC
 * 9111, 4.4): of the host that the client named, by either scheme, since TLS may end before the gateway. Undefined for
 * every other, which an answer from here says nothing about.
 */
export function targetAtSameOrigin(named: string, asked: { host: string; path: string }): string | undefined {
  const url = URL.parse(named, `http://${asked.host}${asked.path}`);
  if (url === null || !OF_HTTP.has(url.protocol)) return undefined;
  // By the same scheme, so that 80 or 443 is the same as no port.
  if (url.host !== URL.parse(`${url.protocol}//${asked.host}`)?.host) return undefined;
  return `${url.pathname}${url.search}`;
}
