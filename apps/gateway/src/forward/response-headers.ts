/** Headers of one connection, and those that we set anew. */
const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

/** An upstream's end-to-end headers as name, value, name, value, with the request's id. */
export function responseHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  requestId: string,
  lastOfConnection: boolean,
): string[] {
  const flat = ['x-request-id', requestId];
  const { connection } = headers;
  const named = typeof connection === 'string' && connection.includes(',') ? connection.toLowerCase() : undefined;
  for (const name in headers) {
    if (DROPPED.has(name) || named?.split(',').some((token) => token.trim() === name)) continue;
    const value = headers[name];
    if (typeof value === 'string') flat.push(name, value);
    else if (value) for (const one of value) flat.push(name, one);
  }
  if (lastOfConnection) flat.push('connection', 'close');
  return flat;
}
