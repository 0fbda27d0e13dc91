/** What one request to an instance is made of. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value: without those that say how the body ends, and those of the connection. */
  readonly headers: readonly string[];
  readonly body?: AsyncIterable<Buffer> | Buffer | null | undefined;
  /** Of the body, where it is known; it goes in chunks otherwise. */
  readonly lengthBytes?: number | undefined;
  /** Longest time between two pieces of the response's body. */
  readonly idleTimeoutMs: number;
}

/** A request line and header lines by the grammar of RFC 9112: whatever was put together here, it is one request. */
const WELL_FORMED =
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: [\t\x20-\x7e\x80-\xff]*\r\n)+\r\n$/;
/** A body is expected of these: that there is none must be said. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** The head of a request as it goes out, one byte a character. Throws where it would not be read as one request. */
export function requestText(
  { method, path, headers, body, lengthBytes }: UpstreamRequest,
  host: string,
  isLast: boolean,
): string {
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${isLast ? 'close' : 'keep-alive'}\r\n`;
  let lines = 4 + headers.length / 2;
  for (let at = 0; at < headers.length; at += 2) text += `${headers[at]}: ${headers[at + 1]}\r\n`;
  const framing = framingOf(method, body, lengthBytes);
  if (framing) {
    text += framing;
    lines++;
  }
  text += '\r\n';
  if (!WELL_FORMED.test(text) || linesOf(text) !== lines)
    throw new TypeError('a header or the path holds a character that must not be there');
  return text;
}

/** The line that says how the body ends. */
function framingOf(method: string, body: UpstreamRequest['body'], lengthBytes: number | undefined): string | undefined {
  if (!body) return WITH_BODY.has(method) ? 'content-length: 0\r\n' : undefined;
  const bytes = Buffer.isBuffer(body) ? body.length : lengthBytes;
  return bytes === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${bytes}\r\n`;
}

/** A line break in the midst of a value makes one line more, as well-formed as it may be. */
function linesOf(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\r'); at >= 0; at = text.indexOf('\r', at + 1)) lines++;
  return lines;
}
