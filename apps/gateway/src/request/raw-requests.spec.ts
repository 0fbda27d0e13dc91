import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig, until } from '../testing/rig.ts';

let rig: Rig;
let seen: string[] = [];
beforeAll(async () => {
  rig = await startRig({ headersTimeoutMs: 300, requestTimeoutMs: 600 });
  const { port } = await rig.upstream((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on('end', () => response.end('fine'));
  });
  rig.registry.set('catalog', port);
});
beforeEach(() => {
  seen = [];
});
afterAll(() => rig.close());

const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`;

describe('a request that two parsers could read differently', () => {
  it.each([
    [
      'Content-Length beside Transfer-Encoding',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 6', 'Transfer-Encoding: chunked')}0\r\n\r\nGET /api/catalog/smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    ],
    [
      'Transfer-Encoding beside Content-Length',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', 'Content-Length: 4')}1\r\nZ\r\n0\r\n\r\n`,
    ],
    [
      'two lengths that differ',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 1', 'Content-Length: 30')}x`,
    ],
    [
      'two equal lengths',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 1', 'Content-Length: 1')}x`,
    ],
    ['a list of lengths', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 1, 1')}x`],
    ['a signed length', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: +1')}x`],
    ['bare line feeds', 'GET /api/catalog/a HTTP/1.1\nHost: h\n\n'],
    ['a bare line feed inside the headers', 'GET /api/catalog/a HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n'],
    ['a bare carriage return in a value', 'GET /api/catalog/a HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n'],
    ['a space before the colon', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length : 5')}GET /`],
    ['a space in a header name', lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer Encoding: chunked')],
    [
      'a hidden Transfer-Encoding',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: xchunked')}0\r\n\r\n`,
    ],
    [
      'two Transfer-Encodings',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n`,
    ],
    ['a folded header', 'GET /api/catalog/a HTTP/1.1\r\nHost: h\r\nX: 1\r\n Y: 2\r\n\r\n'],
    ['no Host', lines('GET /api/catalog/a HTTP/1.1')],
    ['two Hosts', lines('GET /api/catalog/a HTTP/1.1', 'Host: h', 'Host: evil')],
    ['a NUL in a value', lines('GET /api/catalog/a HTTP/1.1', 'Host: h', 'X: a\0b')],
    [
      'a chunk that is longer than it says',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}1\r\nZZZ\r\n0\r\n\r\n`,
    ],
    [
      'a chunk size with a sign',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}+1\r\nZ\r\n0\r\n\r\n`,
    ],
    [
      'a chunk size that is no number',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}0x1\r\nZ\r\n0\r\n\r\n`,
    ],
    [
      'a chunk size that overflows',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}10000000000000001\r\nZ\r\n0\r\n\r\n`,
    ],
    [
      'a chunk extension with a bare line feed',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}1;x\nZ\r\n0\r\n\r\nGET /api/catalog/smuggled HTTP/1.1\r\nHost: h\r\n\r\n`,
    ],
    [
      'a space before a chunk size',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')} 1\r\nZ\r\n0\r\n\r\n`,
    ],
    [
      'a trailer without its end, and a request in it',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}0\r\nX Y\r\nGET /api/catalog/smuggled HTTP/1.1\r\n\r\n`,
    ],
    [
      'a Transfer-Encoding behind a vertical tab',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: \x0bchunked')}0\r\n\r\n`,
    ],
    [
      'a Transfer-Encoding of HTTP/1.0',
      `${lines('POST /api/catalog/a HTTP/1.0', 'Host: h', 'Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`,
    ],
    ['a hexadecimal length', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 0x5')}hello`],
    ['an empty length', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: ')}hello`],
    ['a negative length', `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: -1')}hello`],
    ['a version that does not exist', lines('GET /api/catalog/a HTTP/1.9', 'Host: h')],
    ['a header without a name', lines('GET /api/catalog/a HTTP/1.1', 'Host: h', ': x')],
    [
      'a chunk that ends with a bare line feed',
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked')}1\nZ\n0\n\n`,
    ],
  ])('is refused and its connection closed: %s', async (_, bytes) => {
    const answer = await rig.raw(bytes);
    expect(statuses(answer)).toEqual([400]);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(seen.filter((line) => line.includes('smuggled'))).toEqual([]);
  });
});

it('a chunk extension is dropped, a long one refused, and what follows is read as the next request', async () => {
  const head = lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Transfer-Encoding: chunked');
  const next = lines('GET /api/catalog/b HTTP/1.1', 'Host: h', 'Connection: close');
  expect(statuses(await rig.raw(`${head}1;a=b\r\nZ\r\n0\r\n\r\n${next}`))).toEqual([200, 200]);
  expect(seen.toSorted()).toEqual(['GET /api/catalog/b', 'POST /api/catalog/a']);
  const long = await rig.raw(`${head}1;${'a'.repeat(40_000)}\r\nZ\r\n0\r\n\r\n${next}`);
  expect(statuses(long).filter((status) => status === 200)).toEqual([]);
});

it('what follows a refused request on its connection is not served', async () => {
  const refused = lines('GET /api/catalog/../orders HTTP/1.1', 'Host: h');
  const next = lines('GET /api/catalog/smuggled HTTP/1.1', 'Host: h');
  expect(statuses(await rig.raw(refused + next))).toEqual([400]);
  expect(seen).toEqual([]);
});

it('a client that has closed its half is taken for gone, and nothing of its request stays', async () => {
  const socket = connect(rig.port, '127.0.0.1');
  socket.end(lines('GET /api/catalog/a HTTP/1.1', 'Host: h'));
  await once(socket.resume(), 'close');
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  seen = [];
});

describe('a path that climbs', () => {
  it.each([
    '/api/catalog/../orders',
    '/api/catalog/%2e%2e/orders',
    '/api/catalog/..%2forders',
    '/api/catalog/%252e%252e/orders',
    '/api/catalog/..%5corders',
    '/api/catalog/..;/orders',
    '/api/catalog/%00',
    '/api/catalog/../../health/live',
    '/health/../metrics',
    'http://evil/api/catalog',
  ])('%s is refused before anything sees it', async (path) => {
    const answer = await rig.raw(lines(`GET ${path} HTTP/1.1`, 'Host: h'));
    expect(statuses(answer)).toEqual([400]);
    expect(answer).toContain('"code":"BAD_TARGET"');
    expect(seen).toEqual([]);
  });

  it('a raw byte beyond ASCII is refused', async () => {
    expect(statuses(await rig.raw(Buffer.from('GET /api/catalog/\xe4 HTTP/1.1\r\nHost: h\r\n\r\n', 'latin1')))).toEqual(
      [400],
    );
  });
});

describe('a request beyond a limit', () => {
  it('with 20 KB of headers is 431', async () => {
    expect(
      statuses(await rig.raw(lines('GET /api/catalog/a HTTP/1.1', 'Host: h', `X: ${'a'.repeat(20_000)}`))),
    ).toEqual([431]);
  });

  it('with too many headers is 431', async () => {
    const many = Array.from({ length: 200 }, (_, at) => `X-${at}: 1`);
    expect(
      statuses(await rig.raw(lines('GET /api/catalog/a HTTP/1.1', 'Host: h', 'Connection: close', ...many))),
    ).toEqual([431]);
  });

  it('whose headers come too slowly is 408', async () => {
    expect(statuses(await rig.raw('GET /api/catalog/a HTTP/1.1\r\nHost: h\r\nX', { idleMs: 5_000 }))).toEqual([408]);
  });

  it('whose body comes too slowly is cut off, and the instance is told', async () => {
    const answer = await rig.raw(
      `${lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Content-Length: 1000')}the first few bytes`,
      { idleMs: 5_000 },
    );
    expect(statuses(answer)).toEqual([408]);
    await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  });

  it('with a method that is not forwarded is 501, and CONNECT is not answered', async () => {
    expect(statuses(await rig.raw(lines('PROPFIND /api/catalog/a HTTP/1.1', 'Host: h', 'Connection: close')))).toEqual([
      501,
    ]);
    expect(await rig.raw(lines('CONNECT evil:443 HTTP/1.1', 'Host: evil:443'))).toBe('');
  });

  it('with another expectation is 417', async () => {
    expect(
      statuses(await rig.raw(lines('POST /api/catalog/a HTTP/1.1', 'Host: h', 'Expect: tea', 'Content-Length: 1'))),
    ).toEqual([417]);
  });
});

it('requests in one pipeline are answered in order', async () => {
  const answer = await rig.raw(
    lines('GET /api/catalog/1 HTTP/1.1', 'Host: h') +
      lines('GET /nowhere HTTP/1.1', 'Host: h') +
      lines('GET /api/catalog/2 HTTP/1.1', 'Host: h', 'Connection: close'),
  );
  expect(statuses(answer)).toEqual([200, 404, 200]);
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
});
