/** Header lines that are put together already, each with its end. */
export interface HeaderLines {
  readonly text: string;
  readonly count: number;
}

/** What one request to an instance is made of. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Name, value, name, value: without those that say how the body ends, and those of the connection. */
  readonly headers: readonly string[];
  /** As node's strict parser has read them: a long value that stands among them is not read by the letter once more. */
  readonly received?: readonly string[] | undefined;
  /** More headers, behind the others. */
  readonly lines?: HeaderLines | undefined;
  readonly body?: AsyncIterable<Buffer> | Buffer | null | undefined;
  /** Of the body, where it is known; it goes in chunks otherwise. */
  readonly lengthBytes?: number | undefined;
  /** Longest time between two pieces of the response's body. */
  readonly idleTimeoutMs: number;
}

const NAME = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/.source;
const TARGET = /[\x21-\x7e\x80-\xff]+/.source;
const VALUE = /[\t\x20-\x7e\x80-\xff]*/.source;
/** By their number of header lines; more than so many nobody sends again and again. */
const PATTERNS: RegExp[] = [];
const MOST_PATTERNS = 256;

/**
 * A request line and so many header lines by the grammar of RFC 9112: whatever was put together here, it is one request. A
 * line break in the midst of a value makes one line more, as well-formed as it may be.
 */
function wellFormed(lines: number): RegExp {
  const known = PATTERNS[lines];
  if (known) return known;
  const made = new RegExp(`^${NAME} ${TARGET} HTTP/1\\.1\r\n(?:${NAME}: ${VALUE}\r\n){${lines}}\r\n$`);
  if (lines < MOST_PATTERNS) PATTERNS[lines] = made;
  return made;
}

/** Of a value that is worth the search: tokens and cookies are most of what is sent. */
const LONG = 256;
/** A body is expected of these: that there is none must be said. */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** The head of a request as it goes out, one byte a character. Throws where it would not be read as one request. */
export function requestText(
  { method, path, headers, received, lines, body, lengthBytes }: UpstreamRequest,
  host: string,
  isLast: boolean,
): string {
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: ${isLast ? 'close' : 'keep-alive'}\r\n`;
  let count = 2 + headers.length / 2;
  // What stands before the first long value that is known to be well-formed; the text goes on behind it.
  let before = '';
  let known = '';
  for (let at = 0; at < headers.length; at += 2) {
    const value = headers[at + 1] as string;
    if (value.length < LONG || known !== '' || !received?.includes(value)) {
      text += `${headers[at]}: ${value}\r\n`;
    } else {
      before = `${text}${headers[at]}: `;
      known = value;
      text = '\r\n';
    }
  }
  const framing = framingOf(method, body, lengthBytes);
  if (framing) {
    text += framing;
    count++;
  }
  if (lines) {
    text += lines.text;
    count += lines.count;
  }
  text += '\r\n';
  if (!wellFormed(count).test(before + text) || known.includes('\r') || known.includes('\n'))
    throw new TypeError('a header or the path holds a character that must not be there');
  return known === '' ? text : before + known + text;
}

/** The line that says how the body ends. */
function framingOf(method: string, body: UpstreamRequest['body'], lengthBytes: number | undefined): string | undefined {
  if (!body) return WITH_BODY.has(method) ? 'content-length: 0\r\n' : undefined;
  const bytes = Buffer.isBuffer(body) ? body.length : lengthBytes;
  return bytes === undefined ? 'transfer-encoding: chunked\r\n' : `content-length: ${bytes}\r\n`;
}
