import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseReader } from './response-reader.ts';

interface Seen {
  status: number;
  headers: string[];
  body: string;
  trailers: string[] | undefined;
  isClean: boolean | undefined;
}

/** What a reader makes of these pieces; throws where it refuses them. */
function read(pieces: readonly Buffer[], { method = 'GET', ends = false } = {}): Seen {
  const seen: Seen = { status: 0, headers: [], body: '', trailers: undefined, isClean: undefined };
  const reader = new ResponseReader({
    onHead: ({ status, headers }) => Object.assign(seen, { status, headers }),
    onBody: (bytes) => {
      seen.body += bytes.toString('latin1');
    },
    onWhole: (trailers, isClean) => Object.assign(seen, { trailers, isClean }),
  });
  reader.begin(method);
  for (const piece of pieces) reader.read(piece);
  if (ends) reader.end();
  return seen;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

const WHOLE = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name:  padded \r\n\r\nhello',
  'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 404 Not\xa0here\r\ncontent-length: 2\r\n\r\nno',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\nA\r\n, world...\r\n0\r\nSum: 15\r\n\r\n',
];

describe('a response', () => {
  it('is read the same wherever its bytes are cut', () => {
    const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.constantFrom(...WHOLE), cuts, (text, places) => {
        const all = bytes(text);
        const ends = [...new Set(places.map((place) => place % all.length)), all.length].sort((a, b) => a - b);
        const pieces = ends.map((end, at) => all.subarray(ends[at - 1] ?? 0, end));
        expect(read(pieces)).toEqual(read([all]));
        expect(read([all]).isClean).toBe(true);
      }),
    );
  });

  it('has its names in lower case, its values trimmed, its chunks joined, its trailers told', () => {
    expect(read([bytes(WHOLE[0] as string)])).toEqual({
      status: 200,
      headers: ['content-length', '5', 'x-name', 'padded'],
      body: 'hello',
      trailers: [],
      isClean: true,
    });
    expect(read([bytes(WHOLE[4] as string)])).toMatchObject({ body: 'hello, world...', trailers: ['sum', '15'] });
    expect(read([bytes(WHOLE[3] as string)])).toMatchObject({ status: 404, body: 'no' });
  });

  it('without a length goes to the end of the connection, and only that ends it', () => {
    const head = bytes('HTTP/1.1 200 OK\r\n\r\n');
    expect(read([head, bytes('all'), bytes(' of it')]).isClean).toBeUndefined();
    expect(read([head, bytes('all'), bytes(' of it')], { ends: true })).toMatchObject({
      body: 'all of it',
      isClean: false,
    });
    for (const cut of [
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell',
      'HTTP/1.1 200 OK\r\n',
      WHOLE[4]?.slice(0, -2),
    ])
      expect(() => read([bytes(cut as string)], { ends: true })).toThrow('closed');
  });

  it('to a HEAD has no body, whatever it says of one', () => {
    const head = bytes('HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n');
    expect(read([head], { method: 'HEAD' })).toMatchObject({ body: '', isClean: true });
  });

  it('leaves a connection that cannot be used again where more comes than it says, or may come', () => {
    for (const text of [
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged',
      `${WHOLE[4]}more`,
      'HTTP/1.1 204 No Content\r\n\r\nmore',
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n',
    ])
      expect(read([bytes(text)])).toMatchObject({ isClean: false });
  });
});

describe('refused is', () => {
  it.each([
    ['garbage, at its first byte', 'garbage'],
    ['another protocol', 'SIP/2.0 200 OK\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 2x0 OK\r\n\r\n'],
    ['a bare line feed', 'HTTP/1.1 200 OK\ncontent-length: 0\r\n\r\n'],
    ['a bare line feed before the head is whole', 'HTTP/1.1 200 OK\n'],
    ['a bare carriage return', 'HTTP/1.1 200 OK\r\nx: a\rb\r\n\r\n'],
    ['a folded line', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nx : a\r\n\r\n'],
    ['a control character', 'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n'],
    ['a line without a colon', 'HTTP/1.1 200 OK\r\nx\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\na'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na'],
    ['a length beside chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['an encoding that is not chunked', 'HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n'],
    ['an encoding that others do not take for chunked', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\t\r\n\r\n'],
    ['chunked twice', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['chunks of HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['an interim response with a length', 'HTTP/1.1 103 Early Hints\r\ncontent-length: 1\r\n\r\n'],
    ['a protocol switched to unasked', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
  ])('%s', (_, text) => {
    expect(() => read([bytes(text)])).toThrow();
  });

  const chunked = (rest: string) => bytes(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${rest}`);
  it.each([
    ['a size that is no number', '0x5\r\nhello\r\n'],
    ['a size with a sign', '-5\r\n'],
    ['a size without an end', '5'.repeat(5_000)],
    ['a size with a bare line feed', '5\nhello\r\n'],
    ['a chunk that is longer than it says', '4\r\nhello\r\n0\r\n\r\n'],
    ['an extension that is none', '5;a b\r\nhello\r\n0\r\n\r\n'],
    ['a length behind the body', '0\r\ncontent-length: 3\r\n\r\n'],
    ['a trailer that is none', '0\r\nno colon\r\n\r\n'],
    ['trailers without an end', `0\r\n${Array.from({ length: 200 }, (_, at) => `t${at}: 1\r\n`).join('')}`],
  ])('%s', (_, rest) => {
    expect(() => read([chunked(rest)])).toThrow();
  });

  it('a head that is longer than 16 KiB, also before its end has come', () => {
    expect(() => read([bytes(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}`)])).toThrow('too long');
    expect(() => read([bytes(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)])).toThrow('too long');
  });

  it('what comes when nobody has asked', () => {
    const reader = new ResponseReader({ onHead: () => {}, onBody: () => {}, onWhole: () => {} });
    expect(() => reader.read(bytes('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'))).toThrow('nobody asked');
  });
});
