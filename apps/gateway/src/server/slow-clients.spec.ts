import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FLAG, FRAME, fields, frame, RawHttp2 } from '../testing/http2-frames.ts';
import { type Rig, startRig, until } from '../testing/rig.ts';

const IDLE_MS = 2_000;
let rig: Rig;
let open = 0;
let cut = 0;

beforeAll(async () => {
  rig = await startRig({
    idleTimeoutMs: IDLE_MS,
    keepAliveTimeoutMs: 500,
    routes: [
      { id: 'short', path: '/api/{service}/short/**', service: '{service}', timeoutMs: 500 },
      { id: 'services', path: '/api/{service}/**', service: '{service}' },
    ],
  });
  const endless = (response: ServerResponse) => {
    const chunk = Buffer.alloc(64 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
  };
  const { port } = await rig.upstream((request, response) => {
    open++;
    response.on('close', () => {
      open--;
      if (!response.writableFinished) cut++;
    });
    if (request.url?.endsWith('/endless')) endless(response);
    else if (request.url?.endsWith('/echo')) request.pipe(response);
    else request.resume().on('end', () => response.end('fine'));
  });
  rig.registry.set('catalog', port);
});
beforeEach(() => {
  cut = 0;
});
afterAll(() => rig.close());

const nothingStays = async () => {
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  await until('the instance has no request any more', () => open === 0);
};

describe('a client that does not read what it asked for', () => {
  it('is cut off after a while, and so is the instance that gives it', async () => {
    const socket = connect(rig.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /api/catalog/endless HTTP/1.1\r\nHost: h\r\n\r\n');
    await until('the instance gives it', () => open === 1);
    await until('it is cut off', () => cut === 1);
    await nothingStays();
    socket.destroy();
  });

  it('is cut off over HTTP/2 too, where its windows are zero and its streams are many', async () => {
    const client = new RawHttp2(rig.port);
    const [initialWindow, zero] = [Buffer.from([0, 4]), Buffer.alloc(4)];
    client.send(frame(FRAME.SETTINGS, 0, 0, Buffer.concat([initialWindow, zero])));
    const pseudo = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/api/catalog/endless'],
      [':authority', 'h'],
    ] as const;
    for (let stream = 1; stream <= 99; stream += 2)
      client.send(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, fields(...pseudo)));
    await until('the instance gives them', () => open >= 50);
    await until('it is cut off', () => client.isClosed);
    await nothingStays();
  });
});

describe('a connection of HTTP/1.1', () => {
  it('waits as long for the next request as it said, and is closed soon afterwards', async () => {
    const socket = connect(rig.port, '127.0.0.1');
    const request = 'GET /api/catalog/a HTTP/1.1\r\nHost: h\r\n\r\n';
    for (let turn = 0; turn < 2; turn++) {
      socket.write(request);
      expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 .*\r\nKeep-Alive: timeout=0\r\n/s);
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(socket.closed).toBe(false);
    }
    const answeredMs = performance.now() - 600;
    await once(socket.resume(), 'close');
    expect(performance.now() - answeredMs).toBeGreaterThan(500);
    expect(performance.now() - answeredMs).toBeLessThan(8_000);
  });

  it('that sends nothing of the body that it announced is closed', async () => {
    const socket = connect(rig.port, '127.0.0.1');
    socket.write('POST /api/catalog/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nbegin');
    await until('the instance has it', () => open === 1);
    await once(socket.resume(), 'close');
    await nothingStays();
  });
});

describe('a connection of HTTP/2', () => {
  it('is closed when its last stream has ended a while ago, however long that ran', async () => {
    const session = connectHttp2(rig.url);
    const stream = session.request({ ':method': 'POST', ':path': '/api/catalog/echo' });
    const closed = once(session, 'close');
    // Longer than a connection without streams may wait, and than one may be silent: but never silent for so long.
    for (let beat = 0; beat < 6; beat++) {
      stream.write('beat');
      await once(stream, 'data');
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS / 4));
    }
    expect(session.destroyed).toBe(false);
    stream.end();
    await once(stream.resume(), 'end');
    await closed;
    await nothingStays();
  });
});

describe('a client that does not send what it announced', () => {
  it('has its answer over HTTP/2 when the time of the route is over', async () => {
    const session = connectHttp2(rig.url);
    const stream = session.request({ ':method': 'POST', ':path': '/api/catalog/short/a' });
    stream.write('a few bytes');
    const drip = setInterval(() => stream.write('x'), 50);
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    clearInterval(drip);
    expect(headers[':status']).toBe(504);
    stream.resume();
    session.destroy();
    await nothingStays();
  });
});

it('over HTTP/2 a request and its answer stream at the same time', async () => {
  const session = connectHttp2(rig.url);
  const stream = session.request({ ':method': 'POST', ':path': '/api/catalog/echo' });
  for (const word of ['one', 'two', 'three']) {
    stream.write(word);
    expect(String((await once(stream, 'data'))[0])).toBe(word);
  }
  stream.end();
  await once(stream.resume(), 'end');
  session.destroy();
  await nothingStays();
});
