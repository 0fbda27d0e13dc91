import type { FlatHeaders } from '../request/flat-headers.ts';

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

/** An upstream's end-to-end headers, with the request's id. */
export function responseHeaders(headers: readonly string[], requestId: string, lastOfConnection: boolean): FlatHeaders {
  const flat = ['x-request-id', requestId];
  let named: string | undefined;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!DROPPED.has(name)) flat.push(name, value);
    else if (name === 'connection' && value !== 'keep-alive' && value !== 'close')
      named = named ? `${named},${value}` : value;
  }
  const kept = named === undefined ? flat : withoutNamed(flat, named);
  if (lastOfConnection) kept.push('connection', 'close');
  return kept;
}

/** Without the headers that the Connection header names as its own. */
function withoutNamed(flat: FlatHeaders, connection: string): FlatHeaders {
  const own = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  return flat.filter((_, at) => at < 2 || !own.has(flat[at - (at % 2)] as string));
}
