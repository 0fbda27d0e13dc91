import type { FlatHeaders } from '../../request/flat-headers.ts';

/** The head of a response, and what it says of the body and the connection. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: FlatHeaders;
  /** -1 where it is not said. */
  readonly lengthBytes: number;
  readonly isChunked: boolean;
  /** Whether the connection may carry another request. */
  readonly keepsAlive: boolean;
  /** How long the instance keeps an idle connection, where it says so. */
  readonly keepAliveMs: number | undefined;
}

/**
 * The whole head, each line by the grammar of RFC 9112: no bare line feed, no folded line, no space before a colon, no
 * control character. No two of its parts can take the same character, so it goes over a head once.
 */
const WELL_FORMED =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*$/;
const STATUS_AT = 'HTTP/1.1 '.length;
const MINOR_AT = 'HTTP/1.'.length;
const TIMEOUT = /(?:^|,)[\t ]*timeout=(\d{1,6})[\t ]*(?:,|$)/i;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;

/** Reads a head, the empty line after it left out; a text says why it cannot be trusted. */
export function readResponseHead(text: string): ResponseHead | string {
  if (!WELL_FORMED.test(text)) return 'its head is not well-formed';
  const headers: FlatHeaders = [];
  let lengthBytes = -1;
  let isChunked = false;
  let keepsAlive = text[MINOR_AT] === '1';
  let keepAliveMs: number | undefined;
  for (let at = text.indexOf('\r\n') + 2; at < text.length; ) {
    const end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    at = end + 2;
    headers.push(name, value);
    if (name === 'content-length') {
      if (lengthBytes >= 0) return 'Content-Length stands twice';
      if (!/^\d{1,15}$/.test(value)) return 'Content-Length is not a number';
      lengthBytes = Number(value);
    } else if (name === 'transfer-encoding') {
      // With a tab behind it, which the grammar allows, node for one reads it otherwise.
      if (isChunked || value.toLowerCase() !== 'chunked' || text[end - 1] === '\t')
        return 'Transfer-Encoding is not chunked';
      isChunked = true;
    } else if (name === 'connection') {
      if (value !== 'keep-alive' && CLOSE.test(value)) keepsAlive = false;
    } else if (name === 'keep-alive') {
      const seconds = TIMEOUT.exec(value)?.[1];
      if (seconds !== undefined) keepAliveMs = Number(seconds) * 1_000;
    }
  }
  if (isChunked && lengthBytes >= 0) return 'Content-Length and Transfer-Encoding exclude each other';
  if (isChunked && text[MINOR_AT] === '0') return 'HTTP/1.0 knows no Transfer-Encoding';
  return {
    status: Number(text.slice(STATUS_AT, STATUS_AT + 3)),
    headers,
    lengthBytes,
    isChunked,
    keepsAlive,
    keepAliveMs,
  };
}

const BEGINNING = 'HTTP/1.';

/** Whether what has come of a head so far can still become one: garbage is not waited for. */
export const mayBecomeHead = (text: string): boolean =>
  (text.length < BEGINNING.length ? BEGINNING.startsWith(text) : text.startsWith(BEGINNING)) &&
  !/(?:^|[^\r])\n/.test(text);
