import { createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen, until } from '../../testing/rig.ts';
import { Connections } from '../connections.ts';
import type { Controller } from './request-in-flight.ts';
import type { UpstreamRequest } from './request-text.ts';

/** What an instance does with what it got so far, and where. */
let answer: (socket: Socket, got: string) => void;
let server: Server;
let connections: Connections;
let sockets: Socket[] = [];

interface Asked {
  readonly body: Promise<string>;
  controller: Controller | undefined;
}

function ask(more: Partial<UpstreamRequest> = {}, onData: (controller: Controller) => void = () => {}): Asked {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const asked: Asked = { body: promise, controller: undefined };
  connections.ask(
    { path: '/', method: 'GET', headers: [], idleTimeoutMs: 10_000, ...more },
    {
      onRequestStart: (controller) => {
        asked.controller = controller;
      },
      onResponseHead: () => {},
      onResponseData: (controller, chunk) => {
        text += chunk.toString();
        onData(controller);
      },
      onResponseEnd: () => resolve(text),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return asked;
}

const response = (body: string, more = '') => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

beforeEach(async () => {
  sockets = [];
  answer = (socket) => socket.write(response('here'));
  server = createServer((socket) => {
    sockets.push(socket);
    let got = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      got += bytes.toString('latin1');
      if (!got.includes('\r\n\r\n')) return;
      answer(socket, got);
      got = '';
    });
  });
  const port = await listen(server as never);
  connections = new Connections({ address: '127.0.0.1', port, connectTimeoutMs: 5_000 }, 4);
});

afterEach(async () => {
  await connections.destroy();
  for (const socket of sockets) socket.destroy();
  server.close();
});

describe('a connection to an instance', () => {
  it('is not used again where a second response came behind the first', async () => {
    answer = (socket) => socket.write(response('mine') + response('forged'));
    expect(await ask().body).toBe('mine');
    answer = (socket) => socket.write(response('next'));
    expect(await ask().body).toBe('next');
    expect(sockets).toHaveLength(2);
  });

  it('is closed by bytes that nobody asked for, and what would have gone there goes elsewhere', async () => {
    expect(await ask().body).toBe('here');
    sockets[0]?.write(response('forged'));
    await until('it is closed', () => sockets[0]?.closed === true);
    expect(await ask().body).toBe('here');
    expect(sockets).toHaveLength(2);
  });

  it('is given up where the instance says so, or closes it', async () => {
    answer = (socket) => socket.write(response('last', 'connection: close\r\n'));
    expect(await ask().body).toBe('last');
    answer = (socket) => socket.end(response('bye'));
    expect(await ask().body).toBe('bye');
    await until('it is closed', () => sockets[1]?.closed === true);
    answer = (socket) => socket.write(response('short', 'keep-alive: timeout=1\r\n'));
    expect(await ask().body).toBe('short');
    expect(await ask().body).toBe('short');
    expect(sockets).toHaveLength(4);
  });

  it('fails its request where it breaks before the response is whole', async () => {
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    await expect(ask().body).rejects.toThrow('closed');
    answer = (socket) => socket.resetAndDestroy();
    await expect(ask().body).rejects.toThrow('ECONNRESET');
    answer = (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nto the end');
    expect(await ask().body).toBe('to the end');
  });

  it('sends a body in chunks, or as long as it says, and no longer', async () => {
    let got = '';
    answer = (socket, text) => {
      got += text;
      if (got.endsWith('0\r\n\r\n') || got.endsWith('\r\n\r\nabc')) socket.write(response('taken'));
    };
    const body = () => Readable.from([Buffer.from('a'), Buffer.from('bc')], { objectMode: false });
    expect(await ask({ method: 'POST', body: body() }).body).toBe('taken');
    expect(got.replace(/^.*?\r\n\r\n/s, '')).toBe('1\r\na\r\n2\r\nbc\r\n0\r\n\r\n');
    got = '';
    expect(await ask({ method: 'POST', body: body(), lengthBytes: 3 }).body).toBe('taken');
    for (const lengthBytes of [2, 4])
      await expect(ask({ method: 'POST', body: body(), lengthBytes }).body).rejects.toThrow('than it said');
  });

  it('sends nothing of a request whose body fails before its first byte', async () => {
    let got = '';
    answer = (_, text) => {
      got += text;
    };
    const body = new Readable({ read: () => {} });
    const asked = ask({ method: 'POST', body });
    await until('it has a connection', () => asked.controller !== undefined);
    body.destroy(new Error('refused'));
    await expect(asked.body).rejects.toThrow('refused');
    await until('it is closed', () => sockets[0]?.closed === true);
    expect(got).toBe('');
  });

  it('ends with an answer that came before the body was sent', async () => {
    answer = (socket) => socket.write(response('too large'));
    const endless = new Readable({ read: () => {} });
    endless.push('begun');
    expect(await ask({ method: 'POST', body: endless }).body).toBe('too large');
    expect(endless.destroyed).toBe(true);
    expect(await ask().body).toBe('too large');
    expect(sockets).toHaveLength(2);
  });

  it('is cut by an instance that stays silent in the midst of a body, not by a client that is slow', async () => {
    answer = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf');
    await expect(ask({ idleTimeoutMs: 300 }).body).rejects.toThrow('300 ms');
    const slow = ask({ idleTimeoutMs: 300 }, (controller) => controller.pause());
    await until('it is paused for longer than that', () => connections.tick >= 6);
    sockets[1]?.write('other');
    slow.controller?.resume();
    expect(await slow.body).toBe('halfother');
  });

  it('has nothing more to do with a request that is over', async () => {
    const first = ask();
    expect(await first.body).toBe('here');
    answer = () => {};
    const second = ask();
    await until('it is sent', () => second.controller !== undefined);
    first.controller?.abort(new Error('late'));
    sockets[0]?.write(response('unharmed'));
    expect(await second.body).toBe('unharmed');
    second.controller?.abort(new Error('late'));
  });
});
