import { createHash } from 'node:crypto';

/** Name, value, name, value, as Node gives them. */
type RawHeaders = readonly string[];
/** As undici gives them. */
type ParsedHeaders = Readonly<Record<string, string | string[] | undefined>>;

const VERSION = '13';
/** RFC 6455, 1.3. */
const ACCEPT_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Sixteen bytes in base64: the last character before the padding holds two bits only. */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** Why an upgrade is refused: the reason, and whether a client of another version could come again. */
export interface HandshakeRefusal {
  reason: string;
  wrongVersion: boolean;
}

/** What the rest of a handshake needs of a client's request that is a WebSocket's. */
export interface Handshake {
  key: string;
  protocols: readonly string[];
}

/** Every value of a header: one that stands twice must be seen twice. */
const valuesOf = (raw: RawHeaders, wanted: string): string[] => {
  const values: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    if ((raw[at] as string).toLowerCase() === wanted) values.push(raw[at + 1] as string);
  }
  return values;
};

const tokensOf = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',').map((token) => token.trim()));

const hasToken = (values: readonly string[], wanted: string): boolean =>
  tokensOf(values).some((token) => token.toLowerCase() === wanted);

/**
 * Reads a request to upgrade by the letter of RFC 6455, 4.2.1. What is refused here is never sent on: a backend that
 * reads it differently would take the bytes that follow for something else.
 */
export function readHandshake(method: string, httpVersion: string, raw: RawHeaders): Handshake | HandshakeRefusal {
  const refuse = (reason: string, wrongVersion = false) => ({ reason, wrongVersion });
  if (method !== 'GET' || httpVersion !== '1.1') return refuse('an upgrade must be a GET of HTTP/1.1');
  const upgrade = valuesOf(raw, 'upgrade');
  if (upgrade.length !== 1 || upgrade[0]?.toLowerCase() !== 'websocket')
    return refuse('the only protocol that can be upgraded to is websocket');
  if (!hasToken(valuesOf(raw, 'connection'), 'upgrade')) return refuse('Connection must name Upgrade');
  if (valuesOf(raw, 'content-length').length > 0 || valuesOf(raw, 'transfer-encoding').length > 0)
    return refuse('an upgrade has no body');
  const versions = valuesOf(raw, 'sec-websocket-version');
  if (versions.length !== 1 || versions[0] !== VERSION) return refuse('Sec-WebSocket-Version must be 13', true);
  const [key, ...more] = valuesOf(raw, 'sec-websocket-key');
  if (key === undefined || more.length > 0 || !KEY.test(key))
    return refuse('Sec-WebSocket-Key must be sixteen bytes in base64, once');
  return { key, protocols: tokensOf(valuesOf(raw, 'sec-websocket-protocol')) };
}

/** The proof that a server has read this key. */
export const acceptOf = (key: string): string =>
  createHash('sha1')
    .update(key + ACCEPT_SUFFIX)
    .digest('base64');

/**
 * Why an instance's 101 is no answer to this handshake; undefined when it is. Without the proof the bytes behind it could
 * be anything, and the tunnel would hand a client's bytes to a server that reads them as requests.
 */
export function answerFault({ key, protocols }: Handshake, status: number, headers: ParsedHeaders): string | undefined {
  if (status !== 101) return `it answered ${status}`;
  const { upgrade, connection, 'sec-websocket-accept': accept, 'sec-websocket-protocol': chosen } = headers;
  if (typeof upgrade !== 'string' || upgrade.toLowerCase() !== 'websocket') return 'it upgraded to another protocol';
  if (!hasToken([connection ?? []].flat(), 'upgrade')) return 'its Connection names no Upgrade';
  if (accept !== acceptOf(key)) return 'its Sec-WebSocket-Accept is wrong';
  if (chosen !== undefined && (typeof chosen !== 'string' || !protocols.includes(chosen)))
    return 'it chose a protocol that was not offered';
  return undefined;
}
