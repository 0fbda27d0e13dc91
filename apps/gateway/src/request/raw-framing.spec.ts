import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listen, type Rig, startRig, until } from '../testing/rig.ts';

/** An instance that shows the bytes that reach it, and answers each whole request of them. */
let received = '';
let instance: Server;
const sockets = new Set<Socket>();
let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ headersTimeoutMs: 400, requestTimeoutMs: 800, idleTimeoutMs: 60_000 });
  instance = createServer((socket) => {
    sockets.add(socket);
    let unread = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1');
      received += text;
      unread += text;
      for (let end = wholeRequest(unread); end > 0; end = wholeRequest(unread)) {
        unread = unread.slice(end);
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
      }
    });
  });
  rig.registry.set('catalog', await listen(instance as never));
});
beforeEach(() => {
  received = '';
});
afterAll(async () => {
  await rig.close();
  for (const socket of sockets) socket.destroy();
  instance.close();
});

/** Where the first request ends, by the letter of RFC 9112; 0 while it has not. */
function wholeRequest(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n') + 4;
  if (headEnd < 4) return 0;
  const head = text.slice(0, headEnd).toLowerCase();
  if (head.includes('\r\ntransfer-encoding: chunked\r\n')) {
    const end = text.indexOf('0\r\n\r\n', headEnd);
    return end < 0 ? 0 : end + 5;
  }
  const length = Number(head.match(/\r\ncontent-length: (\d+)\r\n/)?.[1] ?? 0);
  return text.length >= headEnd + length ? headEnd + length : 0;
}

const requestsIn = (text: string) => [...text.matchAll(/(?:GET|POST|HEAD|DELETE) \S+ HTTP\/1\.1\r\n/g)].length;
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;
const post = (...headers: string[]) => lines('POST /api/catalog/a HTTP/1.1', 'Host: h', ...headers);
const chunked = post('Transfer-Encoding: chunked');
const SMUGGLED = lines('GET /api/catalog/smuggled HTTP/1.1', 'Host: h');

describe('is refused, nothing of it reaches an instance, and the connection ends', () => {
  it.each([
    ['Transfer-Encoding: chunked, identity', post('Transfer-Encoding: chunked, identity')],
    ['Transfer-Encoding: identity, chunked', post('Transfer-Encoding: identity, chunked')],
    ['Transfer-Encoding: gzip, chunked', post('Transfer-Encoding: gzip, chunked')],
    ['Transfer-Encoding: identity', post('Transfer-Encoding: identity')],
    ['Transfer-Encoding in quotes', post('Transfer-Encoding: "chunked"')],
    ['Transfer-Encoding with a parameter', post('Transfer-Encoding: chunked;q=1')],
    ['Transfer-Encoding and nothing', post('Transfer-Encoding: ')],
    ['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked')],
    ['Transfer-Encoding twice', post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    ['a name with a vertical tab', post('Transfer-Encoding\x0b: chunked')],
    ['a name with a byte beyond ASCII', post('Transfer-Encoding\xa0: chunked')],
    ['a name with a NUL', post('X\0: 1')],
    ['a header without a colon', post('Transfer-Encoding chunked')],
    ['a space before the first header', 'POST /api/catalog/a HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n'],
    ['two numbers for a length', `${post('Content-Length: 5 5')}hello`],
    ['a length with an underscore', `${post('Content-Length: 1_0')}hello`],
    ['a length in another notation', `${post('Content-Length: 1e1')}hello`],
    ['a length with a form feed', `${post('Content-Length: \x0c5')}hello`],
    ['a length beyond any', `${post('Content-Length: 99999999999999999999')}hello`],
    [
      'a length behind a bare line feed',
      `POST /api/catalog/a HTTP/1.1\r\nHost: h\r\nX: 1\nContent-Length: 5\r\n\r\nhello`,
    ],
    ['lines that end with a carriage return', 'GET /api/catalog/a HTTP/1.1\rHost: h\r\r'],
    ['a NUL in the method', 'GE\0T /api/catalog/a HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a NUL in the target', 'GET /api/catalog/a\0b HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a tab for a space', 'GET\t/api/catalog/a\tHTTP/1.1\r\nHost: h\r\n\r\n'],
    ['two targets', 'GET /api/catalog/a /api/catalog/b HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['a version in small letters', 'GET /api/catalog/a http/1.1\r\nHost: h\r\n\r\n'],
    ['no version (HTTP/0.9)', 'GET /api/catalog/a\r\n\r\n'],
    ['a Host that is empty', lines('GET /api/catalog/a HTTP/1.1', 'Host:')],
    ['a Host with a list', lines('GET /api/catalog/a HTTP/1.1', 'Host: h, evil')],
    ['a Host with a user', lines('GET /api/catalog/a HTTP/1.1', 'Host: h@evil')],
    ['a Host with a path', lines('GET /api/catalog/a HTTP/1.1', 'Host: h/../evil')],
    ['the whole URL, also with the own host', lines('GET http://h/api/catalog/a HTTP/1.1', 'Host: h')],
    ['a target of OPTIONS that is no path', lines('OPTIONS * HTTP/1.1', 'Host: h')],
    ['two slashes', lines('GET //evil/api/catalog/a HTTP/1.1', 'Host: h')],
    ['two slashes further on', lines('GET /api/catalog//a HTTP/1.1', 'Host: h')],
    ['a slash in overlong UTF-8', lines('GET /api/catalog/..%c0%afa HTTP/1.1', 'Host: h')],
    ['a dot in overlong UTF-8', lines('GET /api/catalog/%c0%ae%c0%ae/a HTTP/1.1', 'Host: h')],
    ['a surrogate in UTF-8', lines('GET /api/catalog/%ed%a0%80 HTTP/1.1', 'Host: h')],
    ['a chunk size below zero', `${chunked}-1\r\nZ\r\n0\r\n\r\n`],
    ['a chunk size with an underscore', `${chunked}1_0\r\nZ\r\n0\r\n\r\n`],
    ['an empty chunk size', `${chunked}\r\nZ\r\n0\r\n\r\n`],
    ['a chunk that ends without a line break', `${chunked}1\r\nZ0\r\n\r\n`],
    ['a chunk that is shorter than it says', `${chunked}5\r\nZ\r\n0\r\n\r\n`],
    ['a chunk size that ends with a carriage return', `${chunked}1\rZ\r\n0\r\n\r\n`],
    ['a trailer that names a length', `${chunked}1\r\nZ\r\n0\r\nContent-Length: 50\r\n\r\n`],
    ['a trailer that names an encoding', `${chunked}1\r\nZ\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['a trailer behind a bare line feed', `${chunked}1\r\nZ\r\n0\r\nX: 1\n\r\n`],
    ['a trailer that is folded', `${chunked}1\r\nZ\r\n0\r\nX: 1\r\n 2\r\n\r\n`],
    ['a trailer with a space before its colon', `${chunked}1\r\nZ\r\n0\r\nX : 1\r\n\r\n`],
  ])('%s', async (_, bytes) => {
    const answer = await rig.raw(bytes + SMUGGLED);
    // Refused with its reason, or, where a body had begun, cut off.
    expect(statuses(answer)).toEqual([400]);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(received).not.toContain('smuggled');
    await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  });
});

describe('is one request for the instance, and the next behind it another', () => {
  it.each([
    ['a body that looks like a request', `${post(`Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`],
    ['a GET with such a body', `${post(`Content-Length: ${SMUGGLED.length}`).replace('POST', 'GET')}${SMUGGLED}`],
    ['a DELETE with such a body', `${post(`Content-Length: ${SMUGGLED.length}`).replace('POST', 'DELETE')}${SMUGGLED}`],
    ['a chunk that holds one', `${chunked}${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`],
    ['a chunk that holds an end', `${chunked}5\r\n0\r\n\r\n\r\n0\r\n\r\n`],
    ['a length with zeros before it', `${post('Content-Length: 0005')}hello`],
    ['a chunk size with zeros before it', `${chunked}00005\r\nhello\r\n0\r\n\r\n`],
    ['an extension of a chunk', `${chunked}5;a="b"\r\nhello\r\n0;c\r\n\r\n`],
    ['line breaks before it', `\r\n\r\n${post('Content-Length: 5')}hello`],
    ['a trailer', `${chunked}5\r\nhello\r\n0\r\nX-Late: 1\r\n\r\n`],
    ['two spaces before its version', `${post('Content-Length: 5').replace(' HTTP', '  HTTP')}hello`],
    ['a length that Connection names', `${post('Content-Length: 5', 'Connection: content-length')}hello`],
    [
      'an encoding that Connection names',
      `${post('Transfer-Encoding: chunked', 'Connection: transfer-encoding')}5\r\nhello\r\n0\r\n\r\n`,
    ],
    [
      'a header that looks like another to a CGI',
      `${post('Content_Length: 50', 'Transfer_Encoding: chunked', 'Content-Length: 5')}hello`,
    ],
  ])('%s', async (_, bytes) => {
    const answer = await rig.raw(`${bytes}${lines('GET /api/catalog/next HTTP/1.1', 'Host: h', 'Connection: close')}`);
    expect(statuses(answer)).toEqual([200, 200]);
    const heads = requestsIn(received.replaceAll(SMUGGLED, ''));
    expect(heads).toBe(2);
    expect(received).not.toMatch(/x-late|content-length: 50|content_length|transfer_encoding/i);
    expect(received).toContain('GET /api/catalog/next HTTP/1.1\r\n');
  });
});

describe('a client that comes drop by drop', () => {
  const drip = async (first: string, drop: string) => {
    const { connect } = await import('node:net');
    const socket = connect(rig.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(first);
    const timer = setInterval(() => socket.write(drop), 20);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(timer);
    return answer;
  };

  it.each([
    ['with its headers', 'GET /api/catalog/a HTTP/1.1\r\nHost: h\r\n', 'X: 1\r\n'],
    ['with its request line', 'GET /api/catalog/', 'a'],
    ['with a body of a length', post('Content-Length: 100000'), 'x'],
    ['with chunks of one byte', chunked, '1\r\nx\r\n'],
    ['with the extension of one chunk', `${chunked}1;`, 'x'],
    ['with trailers', `${chunked}0\r\n`, 'X: 1\r\n'],
    ['before it says anything', '\r\n', '\r\n'],
    ['with less than tells the protocol', 'P', ''],
  ])('is cut off: %s', async (_, first, drop) => {
    expect(statuses(await drip(first, drop)).filter((status) => status !== 408)).toEqual([]);
    await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  });
});
