import { once } from 'node:events';
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ResponseHead } from './response-head.ts';
import { ResponseReader } from './response-reader.ts';

interface Read {
  status: number;
  headers: string[];
  body: string;
}

/** What our reader takes the bytes of a connection for; undefined where it refuses them or waits for more. */
function readHere(bytes: Buffer): Read | undefined {
  let head: ResponseHead | undefined;
  let body = '';
  let isWhole = false;
  const reader = new ResponseReader({
    onHead: (it) => {
      head = it;
    },
    onBody: (piece) => {
      body += piece.toString('latin1');
    },
    onWhole: () => {
      isWhole = true;
    },
  });
  reader.begin('GET');
  try {
    reader.read(bytes);
    if (!isWhole) reader.end();
  } catch {
    return undefined;
  }
  return head && isWhole ? { status: head.status, headers: head.headers, body } : undefined;
}

/** What node's client, a parser that many use, takes them for. */
async function readByNode(bytes: Buffer): Promise<Read | undefined> {
  const connection = new Duplex({
    read() {},
    write(_request, _encoding, done) {
      this.push(bytes);
      this.push(null);
      done();
    },
  });
  const asked = request({ createConnection: () => connection });
  // Of bytes behind the response node complains later, when nobody listens any more.
  asked.on('error', () => {}).end();
  try {
    const [response] = await once(asked, 'response');
    const body = (await buffer(response)).toString('latin1');
    const headers = response.rawHeaders.map((text: string, at: number) => (at % 2 ? text.trim() : text.toLowerCase()));
    return { status: response.statusCode, headers, body };
  } catch {
    return undefined;
  } finally {
    connection.destroy();
    asked.destroy();
  }
}

const SEEDS = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name:  padded \r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\nA\r\n, world...\r\n0\r\nSum: 15\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 404 Not here\r\ncontent-length: 2\r\n\r\nno',
  'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\n\r\nto the end',
];
const PIECES = [
  ...[
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    ',',
    ';',
    '0',
    '1',
    'f',
    '-',
    '+',
    '\x80',
    '\x7f',
    'HTTP/1.1 200 OK\r\n',
  ],
  ...[
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    'transfer-encoding: gzip, chunked\r\n',
    'Connection: close\r\n',
  ],
];

/** One seed with a few of its characters taken out, doubled, or with something else put in. */
const bytesOfSomeServer = fc
  .tuple(
    fc.constantFrom(...SEEDS),
    fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.constantFrom(...PIECES)), { maxLength: 3 }),
  )
  .map(([seed, edits]) =>
    edits.reduce((text, [place, taken, piece]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + piece + text.slice(at + taken);
    }, seed),
  );

it('what is taken for a response here, node takes for the same one', { timeout: 60_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(bytesOfSomeServer, async (text) => {
      const bytes = Buffer.from(text, 'latin1');
      const here = readHere(bytes);
      if (!here) return;
      taken++;
      expect(await readByNode(bytes)).toEqual(here);
    }),
    { numRuns: 2_000 },
  );
  expect(taken).toBeGreaterThan(200);
});
