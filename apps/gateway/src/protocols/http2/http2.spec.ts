import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../testing/collect-garbage.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

const MEGABYTE = 1024 * 1024;
const LARGE_BYTES = 300_000;

let rig: Rig;
let session: ClientHttp2Session;
let received = 0;
let cut = 0;
let next = () => false;
let seen: { rawHeaders: string[]; url: string }[] = [];

beforeAll(async () => {
  rig = await startRig({
    routes: [{ id: 'services', path: '/api/{service}/**', service: '{service}', bodyLimitBytes: 2 ** 30 }],
  });
  const { port } = await rig.upstream((request, response) => {
    seen.push({ rawHeaders: request.rawHeaders, url: String(request.url) });
    request.on('error', () => {
      cut++;
    });
    if (request.url === '/api/catalog/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next = () => response.write('data: 2\n\n');
      response.on('close', () => {
        cut++;
      });
      return;
    }
    if (request.url === '/api/catalog/endless') {
      const chunk = Buffer.alloc(64 * 1024);
      const more = () => {
        while (!response.destroyed) {
          received += chunk.length;
          if (!response.write(chunk)) break;
        }
      };
      response.on('drain', more).on('close', () => {
        cut++;
      });
      more();
      return;
    }
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      received = bytes;
      response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'], 'x-secret': '1', connection: 'x-secret, keep-alive' });
      response.end(request.url?.startsWith('/api/catalog/large') ? Buffer.alloc(LARGE_BYTES, 'l') : `${bytes}`);
    });
  });
  rig.registry.set('catalog', port);
  session = connect(rig.url);
  await once(session, 'connect');
});
afterEach(async () => {
  seen = [];
  cut = 0;
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
});
afterAll(async () => {
  session.destroy();
  await rig.close();
});

async function answerOf(stream: ClientHttp2Stream) {
  const [headers] = (await once(stream, 'response')) as [Record<string, string | string[]>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return { status: Number(headers[':status']), headers, body: Buffer.concat(chunks) };
}

const ask = (headers: Record<string, string | string[]>, body?: string | Buffer) => {
  const stream = session.request(headers);
  if (stream.writable) stream.end(body);
  return answerOf(stream);
};

describe('a request over HTTP/2 without TLS', () => {
  it('becomes the same request that HTTP/1.1 would be', async () => {
    const { status, headers, body } = await ask(
      {
        ':method': 'POST',
        ':path': '/api/catalog/films?q=a',
        ':authority': 'shop.example:8080',
        cookie: ['a=1', 'b=2'],
        te: 'trailers',
        'content-type': 'text/plain',
        'x-forwarded-for': '6.6.6.6',
      },
      'hello',
    );
    expect([status, String(body), headers['set-cookie'], headers['x-secret']]).toEqual([
      200,
      '5',
      ['a=1', 'b=2'],
      undefined,
    ]);
    const [{ rawHeaders, url } = { rawHeaders: [], url: '' }] = seen;
    const pairs = Object.fromEntries(rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name, rawHeaders[at + 1]]])));
    expect(url).toBe('/api/catalog/films?q=a');
    expect(pairs).toMatchObject({
      cookie: 'a=1; b=2',
      'content-type': 'text/plain',
      'x-forwarded-host': 'shop.example:8080',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
      'transfer-encoding': 'chunked',
    });
    expect(rawHeaders.filter((name) => name.startsWith(':') || name === 'te')).toEqual([]);
  });

  it('is one of many at once on one connection', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => ask({ ':path': `/api/catalog/large?${at}` })),
    );
    expect(answers.every(({ status, body }) => status === 200 && body.length === LARGE_BYTES)).toBe(true);
  });

  it('is refused by the same rules: target, route, method, authority', async () => {
    expect((await ask({ ':path': '/api/catalog/../orders' })).status).toBe(400);
    expect((await ask({ ':path': '/api/catalog/%2e%2e/orders' })).status).toBe(400);
    expect((await ask({ ':path': '/nowhere' })).status).toBe(404);
    expect((await ask({ ':path': '/api/catalog/a', ':method': 'PROPFIND' })).status).toBe(501);
    expect((await ask({ ':path': '/api/catalog/a', host: 'evil', ':authority': 'good' })).status).toBe(400);
    await expect(ask({ ':path': '/api/catalog/a', ':authority': 'a b' })).rejects.toThrow(/PROTOCOL_ERROR/);
    expect((await ask({ ':method': 'CONNECT', ':authority': 'evil:443' })).status).toBe(405);
    expect(seen).toEqual([]);
  });

  it('has its answer without a body on HEAD, and the health of the process', async () => {
    const { status, body } = await ask({ ':path': '/api/catalog/a', ':method': 'HEAD' });
    expect([status, body.length]).toEqual([200, 0]);
    expect(String((await ask({ ':path': '/health/live' })).body)).toBe('own');
  });

  it('that is too large is 413 without being read', async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/api/catalog/a', 'content-length': String(2 ** 40) });
    stream.write('the first of many');
    const { status } = await answerOf(stream);
    expect(status).toBe(413);
  });
});

describe('a body over HTTP/2', () => {
  it('of 64 MB streams, and memory stays flat', async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/api/catalog/upload' });
    const chunk = Buffer.alloc(MEGABYTE);
    let most = 0;
    collectGarbage();
    const before = process.memoryUsage().arrayBuffers;
    const answer = answerOf(stream);
    for (let sent = 0; sent < 64; sent++) {
      if (!stream.write(chunk)) await once(stream, 'drain');
      if (sent % 16 > 0) continue;
      collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    stream.end();
    expect((await answer).status).toBe(200);
    expect(received).toBe(64 * MEGABYTE);
    // Client, gateway and instance are this one process.
    expect(most).toBeLessThan(32 * MEGABYTE);
  }, 60_000);

  it('of events passes as they come, and ends at the instance when the client leaves', async () => {
    const stream = session.request({ ':path': '/api/catalog/events', accept: 'text/event-stream' });
    expect(String((await once(stream, 'data'))[0])).toBe('data: 1\n\n');
    next();
    expect(String((await once(stream, 'data'))[0])).toBe('data: 2\n\n');
    stream.close(constants.NGHTTP2_CANCEL);
    await until('the instance was told', () => cut > 0);
  });

  it('that nobody reads holds the instance back', async () => {
    received = 0;
    const stream = session.request({ ':path': '/api/catalog/endless' });
    await once(stream, 'response');
    let before = -1;
    await until('the instance writes no more', async () => {
      const still = before === received;
      before = received;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return still && before === received;
    });
    expect(received).toBeLessThan(16 * MEGABYTE);
    stream.close(constants.NGHTTP2_CANCEL);
    await until('the instance was told', () => cut > 0);
  });
});

it('a draining gateway tells HTTP/2 clients to go, and ends what runs', async () => {
  const draining = await startRig();
  let finish: (() => void) | undefined;
  const { port } = await draining.upstream((_request, response) => {
    finish = () => response.end('done');
  });
  draining.registry.set('slow', port);
  const client = connect(draining.url);
  const stream = client.request({ ':path': '/api/slow/a' });
  const answer = answerOf(stream);
  await until('it runs', () => finish !== undefined);
  const gone = once(client, 'goaway');
  draining.gateway.drain();
  await gone;
  finish?.();
  expect(String((await answer).body)).toBe('done');
  await once(client, 'close');
  await draining.close();
});
