import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FLAG, FRAME, fields, frame, RawHttp2 } from '../../testing/http2-frames.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

let rig: Rig;
let seen: string[] = [];
let whole: string[] = [];
let names: string[] = [];
let cut = 0;
let client: RawHttp2;

beforeAll(async () => {
  rig = await startRig({ keepAliveTimeoutMs: 400, headersTimeoutMs: 400 });
  const { port } = await rig.upstream((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    names = request.rawHeaders.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase());
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('error', () => {
      cut++;
    });
    request.on('end', () => {
      whole.push(body);
      response.end('fine');
    });
  });
  rig.registry.set('catalog', port);
});
afterEach(async () => {
  client?.close();
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  const answer = await fetch(`${rig.url}/api/catalog/after`);
  expect(answer.status).toBe(200);
  seen = [];
  whole = [];
  cut = 0;
});
afterAll(() => rig.close());

const PSEUDO = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', '/api/catalog/a'],
  [':authority', 'h'],
] as const;
const without = (name: string) => PSEUDO.filter(([each]) => each !== name);
const SMUGGLED = 'GET /api/catalog/smuggled HTTP/1.1\r\nHost: h\r\n\r\n';

/** One request as frames: its fields, and a body that may hold what a careless downgrade would read as a request. */
function post(...more: (readonly [string, string])[]): Buffer[] {
  return [
    frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, fields(...more)),
    frame(FRAME.DATA, FLAG.END_STREAM, 1, `0\r\n\r\n${SMUGGLED}`),
  ];
}

describe('a request that HTTP/1.1 behind the gateway could read differently', () => {
  it.each([
    ['transfer-encoding (h2.TE)', post(...PSEUDO, ['transfer-encoding', 'chunked'])],
    ['a content-length that is too small (h2.CL)', post(...PSEUDO, ['content-length', '0'])],
    ['a content-length that is too large', post(...PSEUDO, ['content-length', '4000'])],
    ['two content-lengths', post(...PSEUDO, ['content-length', '54'], ['content-length', '54'])],
    [
      'a line break in the path',
      post(...without(':path'), [':path', `/api/catalog/a HTTP/1.1\r\nHost: h\r\n\r\n${SMUGGLED}`]),
    ],
    [
      'a line break in the method',
      post(...without(':method'), [':method', 'GET /api/catalog/smuggled HTTP/1.1\r\nx: y']),
    ],
    ['a line break in the authority', post(...without(':authority'), [':authority', 'h\r\nx: y'])],
    ['a space in the method', post(...without(':method'), [':method', 'GET /admin HTTP/1.1'])],
    ['an upper-case name', post(...PSEUDO, ['X-Upper', '1'])],
    ['connection', post(...PSEUDO, ['connection', 'keep-alive'])],
    ['upgrade', post(...PSEUDO, ['upgrade', 'websocket'])],
    ['te other than trailers', post(...PSEUDO, ['te', 'gzip'])],
    ['two paths', post(...PSEUDO, [':path', '/api/catalog/b'])],
    ['no path', post(...without(':path'))],
    ['no method', post(...without(':method'))],
    ['an unknown pseudo header', post(...PSEUDO, [':admin', '1'])],
    ['a pseudo header behind the others', post(...without(':path'), ['x', '1'], [':path', '/api/catalog/a'])],
    ['an authority that is not the host', post(...PSEUDO, ['host', 'evil'])],
    ['a climbing path', post(...without(':path'), [':path', '/api/catalog/../orders'])],
    ['a path encoded twice', post(...without(':path'), [':path', '/api/catalog/%252e%252e/orders'])],
    ['a path that is a URL', post(...without(':path'), [':path', 'http://evil/api/catalog/a'])],
  ])('is refused, and nothing of it goes on: %s', async (_, frames) => {
    client = new RawHttp2(rig.port);
    client.send(...frames);
    await until('there is an answer', () => client.isRefused(1) || client.of(1, FRAME.HEADERS).length > 0);
    // A refusal of the gateway itself is an answer, whose status is not 200: 0x88 is ":status 200" in HPACK.
    expect(client.of(1, FRAME.HEADERS).some(({ payload }) => payload[0] === 0x88)).toBe(false);
    expect(whole).toEqual([]);
    expect(seen.filter((line) => !line.endsWith('/a'))).toEqual([]);
  });

  it.each([
    ['a line break in its value', ['x', 'a\r\ntransfer-encoding: chunked']],
    ['a line break in its name', ['x: a\r\ntransfer-encoding', 'chunked']],
    ['a NUL in its value', ['x', 'a\0b']],
    ['a colon in its name', ['x:y', 'z']],
  ] as const)('loses a field with %s', async (_, field) => {
    client = new RawHttp2(rig.port);
    client.send(...post(...PSEUDO, field));
    await until('there is an answer', () => client.of(1, FRAME.HEADERS).length > 0);
    expect(whole).toEqual([`0\r\n\r\n${SMUGGLED}`]);
    expect(names.filter((name) => /^x(?!-(forwarded-(for|proto|host)|request-(id|timeout-ms))$)/.test(name))).toEqual(
      [],
    );
  });

  it('is served when nothing is wrong with it', async () => {
    client = new RawHttp2(rig.port);
    client.send(...post(...PSEUDO));
    await until('there is an answer', () => client.of(1, FRAME.HEADERS)[0]?.payload[0] === 0x88);
    expect(whole).toEqual([`0\r\n\r\n${SMUGGLED}`]);
    expect(seen).toEqual(['POST /api/catalog/a']);
  });

  it.each([0, 8])('whose stream is reset (%i) is not taken for whole', async (code) => {
    client = new RawHttp2(rig.port);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, fields(...PSEUDO)), frame(FRAME.DATA, 0, 1, 'half'));
    await until('the instance has it', () => seen.length === 1);
    client.send(frame(FRAME.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, code])));
    await until('the instance was told', () => cut === 1);
    expect(whole).toEqual([]);
  });
});

describe('a client that floods', () => {
  it('with streams that it resets at once is cut off (CVE-2023-44487)', async () => {
    client = new RawHttp2(rig.port);
    const headers = fields(...PSEUDO);
    for (let stream = 1; stream < 10_000 && !client.isClosed; stream += 2) {
      client.send(
        frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, headers),
        frame(FRAME.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8])),
      );
      if (stream % 200 === 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('it is cut off', () => client.isClosed || client.of(0, FRAME.GOAWAY).length > 0);
    expect(seen.length).toBeLessThan(1_000);
  });

  it.each([
    ['a window that grows by nothing', (stream: number) => frame(FRAME.WINDOW_UPDATE, 0, stream, Buffer.alloc(4))],
    ['a window beyond any', (stream: number) => frame(FRAME.WINDOW_UPDATE, 0, stream, Buffer.from('7fffffff', 'hex'))],
    ['a body that has no place', (stream: number) => frame(FRAME.DATA, FLAG.END_STREAM, stream, 'x')],
  ])('with streams that it makes us reset is cut off (CVE-2025-8671): %s', async (_, mistake) => {
    client = new RawHttp2(rig.port);
    const headers = fields(...PSEUDO, ['content-length', '0']);
    for (let stream = 1; stream < 10_000 && !client.isClosed; stream += 2) {
      client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, headers), mistake(stream));
      if (stream % 200 === 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('it is cut off', () => client.isClosed || client.of(0, FRAME.GOAWAY).length > 0);
    expect(seen.length).toBeLessThan(1_000);
  });

  it('with CONTINUATION frames is cut off (VU#421644)', async () => {
    client = new RawHttp2(rig.port);
    client.send(frame(FRAME.HEADERS, 0, 1, fields(...PSEUDO)));
    for (let sent = 0; sent < 2_000 && !client.isClosed; sent++) {
      client.send(frame(FRAME.CONTINUATION, 0, 1, fields([`x-${sent}`, 'a'.repeat(100)])));
      if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('it is cut off', () => client.isClosed || client.of(0, FRAME.GOAWAY).length > 0);
    expect(seen).toEqual([]);
  });

  it('with more headers than the gateway takes gets no further', async () => {
    client = new RawHttp2(rig.port);
    const many = Array.from({ length: 150 }, (_, at) => [`x-${at}`, '1'] as const);
    client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, fields(...PSEUDO, ...many)));
    await until('there is an answer', () => client.isRefused(1) || client.of(1, FRAME.HEADERS).length > 0);
    expect(seen).toEqual([]);
  });

  it('with large headers gets no further', async () => {
    client = new RawHttp2(rig.port);
    const large = fields(...PSEUDO, ...Array.from({ length: 10 }, (_, at) => [`x-${at}`, 'a'.repeat(8_000)] as const));
    const first = large.subarray(0, 16_000);
    const rest = [
      large.subarray(16_000, 32_000),
      large.subarray(32_000, 48_000),
      large.subarray(48_000, 64_000),
      large.subarray(64_000),
    ];
    client.send(
      frame(FRAME.HEADERS, FLAG.END_STREAM, 1, first),
      ...rest.map((part, at) => frame(FRAME.CONTINUATION, at === rest.length - 1 ? FLAG.END_HEADERS : 0, 1, part)),
    );
    await until('there is an answer', () => client.isRefused(1) || client.of(1, FRAME.HEADERS).length > 0);
    expect(seen).toEqual([]);
  });
});

describe('a client that is slow', () => {
  it('is closed when it opens no stream', async () => {
    client = new RawHttp2(rig.port);
    await until('it is closed', () => client.isClosed);
  });

  it('is closed when its headers never end', async () => {
    client = new RawHttp2(rig.port);
    client.send(frame(FRAME.HEADERS, 0, 1, fields(...PSEUDO)));
    await until('it is closed', () => client.isClosed);
    expect(seen).toEqual([]);
  });

  it('is closed when it sends half of the preface', async () => {
    expect(await rig.raw('PRI', { idleMs: 5_000 })).toBe('');
  });
});
