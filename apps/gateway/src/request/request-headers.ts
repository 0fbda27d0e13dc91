import { TIMEOUT_HEADER } from '@rookery/observability';

/** What the gateway needs to know of a request's headers, and the ones that it forwards. */
export interface RequestHead {
  /** Name, value, name, value: end-to-end headers only, without what a client must not say of itself. */
  headers: string[];
  host: string;
  hasBody: boolean;
  /** Undefined where the body comes in chunks, or where there is none. */
  contentLength: number | undefined;
  expectsContinue: boolean;
  requestId: string | undefined;
  traceparent: string | undefined;
  /** Time that the client still waits, in ms. */
  timeoutMs: number | undefined;
}

/** Headers of one connection (RFC 9110, 7.6.1), and those that we set anew. */
const DROPPED = new Set([
  'connection',
  'expect',
  'forwarded',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'true-client-ip',
  'upgrade',
  'x-client-ip',
  'x-original-url',
  'x-real-ip',
  'x-rewrite-url',
  'x-request-id',
  'traceparent',
  TIMEOUT_HEADER,
]);

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const HOST = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** Reads raw headers in one pass; a text says why they are refused. */
export function readHead(raw: readonly string[]): RequestHead | string {
  const headers: string[] = [];
  let host: string | undefined;
  let contentLength: number | undefined;
  let chunked = false;
  let expectsContinue = false;
  let requestId: string | undefined;
  let traceparent: string | undefined;
  let timeoutMs: number | undefined;
  let perHop: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    const value = raw[at + 1] as string;
    if (name === 'content-length') {
      if (contentLength !== undefined) return 'Content-Length stands twice';
      if (!/^\d{1,15}$/.test(value)) return 'Content-Length is not a number';
      contentLength = Number(value);
      continue;
    }
    if (!DROPPED.has(name)) {
      if (!name.startsWith('x-forwarded-') && !(name.includes('_') && isTwin(name))) headers.push(name, value);
      continue;
    }
    switch (name) {
      case 'host':
        if (host !== undefined) return 'Host stands twice';
        if (!HOST.test(value)) return 'Host is not a host name';
        host = value;
        break;
      case 'transfer-encoding':
        if (chunked || value.toLowerCase() !== 'chunked') return 'Transfer-Encoding must be chunked';
        chunked = true;
        break;
      case 'connection':
        if (value !== 'keep-alive' && value !== 'close') perHop = perHop ? `${perHop},${value}` : value;
        break;
      case 'expect':
        expectsContinue = true;
        break;
      case 'x-request-id':
        if (REQUEST_ID.test(value)) requestId = value;
        break;
      case 'traceparent':
        if (TRACEPARENT.test(value)) traceparent = value;
        break;
      case TIMEOUT_HEADER:
        if (/^\d{1,9}$/.test(value)) timeoutMs = Number(value);
        break;
    }
  }
  if (host === undefined) return 'Host is missing';
  if (chunked && contentLength !== undefined) return 'Content-Length and Transfer-Encoding exclude each other';
  return {
    headers: perHop === undefined ? headers : withoutNamed(headers, perHop),
    host,
    hasBody: chunked || (contentLength !== undefined && contentLength > 0),
    contentLength: chunked ? undefined : contentLength,
    expectsContinue,
    requestId,
    traceparent,
    timeoutMs,
  };
}

/** Whether CGI, WSGI and PHP, which know no difference between `-` and `_`, read it as one of those that we set or drop. */
function isTwin(name: string): boolean {
  const twin = name.replaceAll('_', '-');
  return DROPPED.has(twin) || twin === 'content-length' || twin.startsWith('x-forwarded-');
}

/** Without the headers that the Connection header names as its own. */
function withoutNamed(headers: readonly string[], connection: string): string[] {
  const named = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
  return headers.filter((_, at) => !named.has(headers[at - (at % 2)] as string));
}
