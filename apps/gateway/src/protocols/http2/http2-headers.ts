import type { Http2ServerRequest } from 'node:http2';
import { headerOf, removeHeader } from '../../request/flat-headers.ts';
import { type RequestHead, readHead } from '../../request/request-headers.ts';
import { timeoutMsOf } from '../grpc/grpc-message.ts';

/** Headers of an HTTP/1.1 connection: in HTTP/2 they are malformed (RFC 9113, 8.2.2). */
const OF_A_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Reads an HTTP/2 request as {@link readHead} reads one of HTTP/1.1; a text says why it is refused. */
export function readHttp2Head({ rawHeaders, stream }: Http2ServerRequest): RequestHead | string {
  const fields = http1Fields(rawHeaders);
  if (typeof fields === 'string') return fields;
  const head = readHead(fields);
  if (typeof head === 'string') return head;
  takeGrpcTimeout(head);
  // The length of a body is that of its frames, whether it is announced or not.
  head.hasBody = !stream.endAfterHeaders;
  if (!head.hasBody) head.contentLength = undefined;
  return head;
}

/** The deadline of gRPC is the client's, as x-request-timeout-ms is elsewhere; what is left of it is written anew. */
function takeGrpcTimeout(head: RequestHead): void {
  const timeout = headerOf(head.headers, 'grpc-timeout');
  if (timeout === undefined) return;
  removeHeader(head.headers, 'grpc-timeout');
  head.timeoutMs = timeoutMsOf(timeout) ?? head.timeoutMs;
}

/** The same fields as HTTP/1.1 writes them: the authority as Host, one Cookie. */
export function http1Fields(raw: readonly string[]): string[] | string {
  const fields: string[] = [];
  let authority: string | undefined;
  let host: string | undefined;
  let cookie: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string;
    const value = raw[at + 1] as string;
    if (name === ':authority') authority = value;
    else if (name.charCodeAt(0) === 0x3a) continue;
    else if (name === 'host') {
      if (host !== undefined) return 'Host stands twice';
      host = value;
    } else if (name === 'cookie') cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else if (OF_A_CONNECTION.has(name)) return `${name} has no place in HTTP/2`;
    else if (name === 'te' && value !== 'trailers') return 'TE may only be trailers in HTTP/2';
    else fields.push(name, value);
  }
  if (authority !== undefined && host !== undefined && authority !== host) return ':authority and Host differ';
  const name = authority ?? host;
  if (name !== undefined) fields.push('host', name);
  if (cookie !== undefined) fields.push('cookie', cookie);
  return fields;
}
