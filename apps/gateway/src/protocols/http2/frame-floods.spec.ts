import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../testing/collect-garbage.ts';
import { FLAG, FRAME, fields, frame, PREFACE, RawHttp2 } from '../../testing/http2-frames.ts';
import { type Rig, startRig, until } from '../../testing/rig.ts';

const MEGABYTE = 1024 * 1024;
const FRAMES_AT_ONCE = 500;
const LOOK_MS = 200;
/** As the gateway says in its SETTINGS. */
const MAX_STREAMS = 128;

let rig: Rig;
let open = 0;

beforeAll(async () => {
  rig = await startRig({ keepAliveTimeoutMs: 400, idleTimeoutMs: 1_000 });
  const { port } = await rig.upstream((request, response) => {
    open++;
    response.on('close', () => open--);
    if (request.url?.endsWith('/silent')) return;
    request.resume().on('end', () => response.end('fine'));
  });
  rig.registry.set('catalog', port);
});
afterEach(() => until('nothing is in flight', () => rig.gateway.inFlight === 0 && open === 0));
afterAll(() => rig.close());

const GET = FLAG.END_HEADERS | FLAG.END_STREAM;
const request = (path: string, flags: number, stream = 1) =>
  frame(
    FRAME.HEADERS,
    flags,
    stream,
    fields(
      [':method', flags === GET ? 'GET' : 'POST'],
      [':scheme', 'http'],
      [':path', `/api/catalog/${path}`],
      [':authority', 'h'],
    ),
  );
const windowOf = (stream: number) => frame(FRAME.WINDOW_UPDATE, 0, stream, Buffer.from([0, 0, 0, 1]));

/** Sends without a pause and never reads, until it is cut off; by how much the process has grown meanwhile, at most. */
async function flood(socket: Socket, bytes: Buffer): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage.rss();
  let most = 0;
  let looked = performance.now();
  while (!socket.destroyed) {
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - looked < LOOK_MS) continue;
    collectGarbage();
    most = Math.max(most, process.memoryUsage.rss() - before);
    looked = performance.now();
  }
  return most;
}

describe('a client that sends frames without end and reads nothing is cut off, and costs no memory', () => {
  it.each([
    ['PING', [], frame(FRAME.PING, 0, 0, '12345678')],
    ['SETTINGS', [], frame(FRAME.SETTINGS, 0, 0)],
    [
      'SETTINGS with many values',
      [],
      frame(FRAME.SETTINGS, 0, 0, Buffer.alloc(32 * 6, Buffer.from([0, 3, 0, 0, 0, 9]))),
    ],
    ['SETTINGS that acknowledge nothing', [], frame(FRAME.SETTINGS, FLAG.ACK, 0)],
    ['WINDOW_UPDATE of the connection', [], windowOf(0)],
    ['WINDOW_UPDATE of a stream', [request('silent', GET)], windowOf(1)],
    ['empty DATA', [request('a', FLAG.END_HEADERS)], frame(FRAME.DATA, 0, 1)],
    ['PRIORITY', [], frame(FRAME.PRIORITY, 0, 99, Buffer.from([0, 0, 0, 0, 16]))],
    ['empty CONTINUATION', [request('a', 0)], frame(FRAME.CONTINUATION, 0, 1)],
    ['frames of an unknown type', [], frame(0xfa, 0, 0, 'x')],
  ] as const)('%s', async (_, first, flooded) => {
    const socket = connect(rig.port, '127.0.0.1').on('error', () => {});
    socket.write(Buffer.concat([PREFACE, frame(FRAME.SETTINGS, 0, 0), ...first]));
    const flooding = flood(socket, Buffer.concat(Array<Buffer>(FRAMES_AT_ONCE).fill(flooded)));
    // Others are served meanwhile.
    expect((await fetch(`${rig.url}/api/catalog/other`)).status).toBe(200);
    expect(await flooding).toBeLessThan(96 * MEGABYTE);
  });
});

describe('a client that never acknowledges our SETTINGS', () => {
  it('has no more streams than they say', async () => {
    const client = new RawHttp2(rig.port);
    const asked = Array.from({ length: MAX_STREAMS + 20 }, (_, at) => 2 * at + 1);
    client.send(...asked.map((stream) => request('silent', GET, stream)));
    await until('those beyond are refused', () => client.of(asked.at(-1) ?? 0, FRAME.RST_STREAM).length > 0);
    await until('the others are asked for', () => open === MAX_STREAMS);
    expect(asked.filter((stream) => client.of(stream, FRAME.RST_STREAM).length > 0)).toHaveLength(20);
    client.close();
  });

  it('is closed as any other', async () => {
    const client = new RawHttp2(rig.port);
    client.send(request('a', GET));
    await until('it has its answer', () => client.of(1, FRAME.HEADERS).length > 0);
    await until('it is closed', () => client.isClosed);
  });
});

describe('a client whose preface ends before its SETTINGS', () => {
  it('is closed when it sends nothing more', async () => {
    const socket = connect(rig.port, '127.0.0.1').resume();
    socket.write(PREFACE);
    await once(socket, 'close');
  });

  it('is cut off when it sends anything else', async () => {
    const socket = connect(rig.port, '127.0.0.1').resume();
    socket.write(Buffer.concat([PREFACE, request('a', GET)]));
    await once(socket, 'close');
  });
});
