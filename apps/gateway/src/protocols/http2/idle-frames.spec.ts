import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FLAG, FRAME, fields, frame, PREFACE, RawHttp2 } from '../../testing/http2-frames.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

const KEEP_ALIVE_MS = 400;
const IDLE_MS = 1_500;
const DRIP_MS = 50;
const MEGABYTE = 1024 * 1024;

let rig: Rig;
let open = 0;

beforeAll(async () => {
  rig = await startRig({
    keepAliveTimeoutMs: KEEP_ALIVE_MS,
    idleTimeoutMs: IDLE_MS,
    routes: [
      { id: 'short', path: '/api/{service}/short', service: '{service}', timeoutMs: 500 },
      { id: 'services', path: '/api/{service}/**', service: '{service}' },
    ],
  });
  const { port } = await rig.upstream((request, response) => {
    open++;
    response.on('close', () => open--);
    if (request.url?.endsWith('/silent')) return;
    if (request.url?.endsWith('/large')) response.end(Buffer.alloc(4 * MEGABYTE));
    else if (request.url?.endsWith('/beats')) {
      const beat = setInterval(() => response.write('beat'), IDLE_MS / 5);
      response.on('close', () => clearInterval(beat));
    } else request.resume().on('end', () => response.end('fine'));
  });
  rig.registry.set('catalog', port);
});
afterEach(async () => {
  await until('nothing is in flight', () => rig.gateway.inFlight === 0 && open === 0);
  await until('no connection is left', async () => (await connections()) === 0);
});
afterAll(() => rig.close());

const connections = () => new Promise((resolve) => rig.server.getConnections((_, count) => resolve(count)));

const PING = frame(FRAME.PING, 0, 0, '12345678');
const windowOf = (stream: number, bytes = 1) => frame(FRAME.WINDOW_UPDATE, 0, stream, Buffer.from([0, 0, 0, bytes]));
const setting = (id: number, value: number) =>
  frame(FRAME.SETTINGS, 0, 0, Buffer.from([0, id, 0, value >> 16, (value >> 8) & 255, value & 255]));
const INITIAL_WINDOW = 4;
const NO_WINDOW = setting(INITIAL_WINDOW, 0);
const LARGEST_WINDOWS = [
  setting(INITIAL_WINDOW, 0xffffff),
  frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.from([0, 255, 255, 255])),
];
const request = (path: string, method = 'GET', stream = 1) =>
  frame(
    FRAME.HEADERS,
    method === 'GET' ? FLAG.END_HEADERS | FLAG.END_STREAM : FLAG.END_HEADERS,
    stream,
    fields([':method', method], [':scheme', 'http'], [':path', `/api/catalog/${path}`], [':authority', 'h']),
  );

/** Sends a frame again and again until the connection is closed; true if it was within the limit. */
async function isClosedDespite(dripped: Buffer, first: Buffer[], limitMs = 12_000): Promise<boolean> {
  const client = new RawHttp2(rig.port);
  client.send(...first);
  const drip = setInterval(() => client.send(dripped), DRIP_MS);
  const isClosed = await until('it is closed', () => client.isClosed, limitMs).then(
    () => true,
    () => false,
  );
  clearInterval(drip);
  client.close();
  return isClosed;
}

/** Who of these is still there when all should have been closed. */
async function stayingOf(cases: Record<string, { first?: Buffer[]; dripped: Buffer }>): Promise<string[]> {
  const all = await Promise.all(
    Object.entries(cases).map(async ([name, { first = [], dripped }]) =>
      (await isClosedDespite(dripped, first)) ? [] : [name],
    ),
  );
  return all.flat();
}

describe('a connection of HTTP/2 on which nothing moves', () => {
  it('is closed when it has no stream, whatever frames come', async () => {
    const staying = await stayingOf({
      ping: { dripped: PING },
      settings: { dripped: frame(FRAME.SETTINGS, 0, 0) },
      'window of the connection': { dripped: windowOf(0) },
      priority: { dripped: frame(FRAME.PRIORITY, 0, 99, Buffer.from([0, 0, 0, 0, 16])) },
      'unknown frame': { dripped: frame(0xfa, 0, 0, 'x') },
      'a header block that never ends': {
        first: [request('a').fill(0, 4, 5)],
        dripped: frame(FRAME.CONTINUATION, 0, 1),
      },
    });
    expect(staying).toEqual([]);
  });

  it('is cut when its stream is silent, whatever frames come', async () => {
    const [silent, large] = [request('silent'), request('large')];
    const body = request('a', 'POST');
    const staying = await stayingOf({
      'ping, no answer': { first: [silent], dripped: PING },
      'settings, no answer': { first: [silent], dripped: frame(FRAME.SETTINGS, 0, 0) },
      'ping, no body': { first: [body], dripped: PING },
      'empty body': { first: [body], dripped: frame(FRAME.DATA, 0, 1) },
      'ping, no window for the answer': { first: [NO_WINDOW, large], dripped: PING },
      'settings, no window for the answer': { first: [NO_WINDOW, large], dripped: NO_WINDOW },
      'window of the connection alone': { first: [NO_WINDOW, large], dripped: windowOf(0) },
      'window of the stream alone': { first: [large], dripped: windowOf(1) },
      'ping, priority': {
        first: [NO_WINDOW, large],
        dripped: Buffer.concat([PING, frame(FRAME.PRIORITY, 0, 1, Buffer.from([0, 0, 0, 0, 16]))]),
      },
    });
    expect(staying).toEqual([]);
  });

  it('is cut when trailers of its request never end', async () => {
    const first = [request('a', 'POST'), frame(FRAME.HEADERS, FLAG.END_STREAM, 1, fields(['x', '1']))];
    expect(await isClosedDespite(frame(FRAME.CONTINUATION, 0, 1), first)).toBe(true);
  });
});

describe('a connection of HTTP/2 that does move', () => {
  it('is left alone while an answer comes a little at a time, and its client takes it at once', async () => {
    const client = new RawHttp2(rig.port);
    client.send(request('beats'));
    let given = 0;
    await until(
      'it has lasted longer than it may be silent',
      () => {
        const beats = client.of(1, FRAME.DATA).length;
        // As much as it took: its windows look as if nothing had come.
        for (; given < beats; given++) client.send(windowOf(0, 4), windowOf(1, 4));
        return client.isClosed || beats >= 12;
      },
      15_000,
    );
    expect(client.isClosed).toBe(false);
    // The instance is told that nobody is there any more: see afterEach.
    client.close();
  });
});

describe('a request of HTTP/2 that goes on behind its answer', () => {
  it('is ended without an error, and the answer is whole', async () => {
    const client = new RawHttp2(rig.port);
    client.send(request('short', 'POST'));
    const drip = setInterval(() => client.send(frame(FRAME.DATA, 0, 1, 'x')), DRIP_MS);
    await until('it is ended', () => client.isRefused(1));
    clearInterval(drip);
    expect(client.of(1, FRAME.RST_STREAM).map(({ payload }) => payload.readUInt32BE())).toEqual([0]);
    expect(client.of(1, FRAME.DATA).at(-1)?.flags).toBe(FLAG.END_STREAM);
    client.close();
  });
});

describe('a connection of HTTP/2 that is over', () => {
  /** A client that reads nothing, or does not hang up when the gateway does. */
  const rude = (frames: Buffer[], { reads }: { reads: boolean }): Socket => {
    const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
    if (reads) socket.resume();
    socket.write(Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0), ...frames]));
    return socket;
  };

  it.each([
    ['hang up', [], { reads: true }],
    ['read the good-bye', [], { reads: false }],
    [
      'read its answers',
      [...LARGEST_WINDOWS, ...Array.from({ length: 8 }, (_, at) => request('large', 'GET', 2 * at + 1))],
      { reads: false },
    ],
  ] as const)('leaves no socket behind, though its client does not %s', async (_, frames, how) => {
    const socket = rude([...frames], how);
    await until('it is there', async () => (await connections()) === 1);
    await until('it is gone', async () => (await connections()) === 0);
    socket.destroy();
  });
});
