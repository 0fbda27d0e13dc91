import { once } from 'node:events';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { listen, type Rig, startRig, until } from '../../testing/rig.ts';
import { acceptOf } from './handshake.ts';

const MEGABYTE = 1024 * 1024;

let rig: Rig;
let servers: { close(): unknown }[] = [];
const clients: WebSocket[] = [];

/** A `ws` server that sends everything back, as an instance of `chat`. */
async function echo(service = 'chat'): Promise<{ port: number; sockets: WebSocket[]; requests: string[] }> {
  const sockets: WebSocket[] = [];
  const requests: string[] = [];
  const server = new WebSocketServer({ noServer: true, handleProtocols: ([first]) => first ?? false });
  const { port, server: http } = await rig.upstream((_request, response) => response.end('plain'));
  http.on('upgrade', (request, socket, head) => {
    requests.push(`${request.url} ${request.headers['x-forwarded-for']} ${request.headers['x-forwarded-proto']}`);
    server.handleUpgrade(request, socket, head, (each) => {
      sockets.push(each);
      each.on('message', (data, isBinary) => each.send(data, { binary: isBinary }));
    });
  });
  servers.push({ close: () => server.close() });
  rig.registry.set(service, port);
  return { port, sockets, requests };
}

async function open(path = '/api/chat/room', ...protocols: string[]): Promise<WebSocket> {
  const client = new WebSocket(rig.url.replace('http', 'ws') + path, protocols);
  clients.push(client);
  await once(client, 'open');
  return client;
}

const closeOf = async (client: WebSocket) => (await once(client, 'close'))[0] as number;

beforeAll(async () => {
  rig = await startRig({
    websocket: { idleTimeoutMs: 60_000, closeGraceMs: 1_000 },
    routes: [
      { id: 'services', path: '/api/{service}/**', service: '{service}' },
      {
        id: 'limited',
        path: '/api/chat/limited',
        service: 'chat',
        filters: [{ name: 'rate-limit', key: 'ip', perSecond: 0.001, burst: 1 }],
      },
    ],
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  for (const server of servers) server.close();
  servers = [];
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
});
afterAll(() => rig.close());

describe('a WebSocket through the gateway', () => {
  it('carries text and a megabyte of bytes both ways, with the protocol that both agreed on', async () => {
    const { requests } = await echo();
    const client = await open('/api/chat/room?name=a', 'chat.v2', 'chat.v1');
    expect(client.protocol).toBe('chat.v2');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
    for (let round = 0; round < 3; round++) {
      const sent = Buffer.alloc(MEGABYTE, round + 1);
      client.send(sent);
      const [received] = (await once(client, 'message')) as [Buffer];
      expect(received.equals(sent)).toBe(true);
    }
    expect(requests).toEqual(['/api/chat/room?name=a 127.0.0.1 http']);
    client.close(4_000, 'enough');
    expect(await closeOf(client)).toBe(4_000);
    await until('the tunnel has ended', () => rig.gateway.inFlight === 0);
    await until('the log has it', () => rig.log.length > 0);
    expect(rig.log.at(-1)).toMatchObject({ route: 'services', upstream: 'chat', status: 101 });
    expect(rig.log.at(-1)?.responseBytes).toBeGreaterThan(3 * MEGABYTE);
  });

  it('passes pings and the close of the instance on', async () => {
    const { sockets } = await echo();
    const client = await open();
    client.ping('are you there');
    expect(String((await once(client, 'pong'))[0])).toBe('are you there');
    sockets[0]?.close(4_321);
    expect(await closeOf(client)).toBe(4_321);
  });

  it('holds a sender back while the receiver does not read', async () => {
    const { sockets } = await echo();
    const client = await open();
    client.pause();
    const [server] = sockets;
    if (!server) throw new Error('no socket');
    const chunk = Buffer.alloc(MEGABYTE);
    for (let sent = 0; sent < 64; sent++) server.send(chunk);
    let before = -1;
    await until('nothing moves any more', async () => {
      const now = server.bufferedAmount;
      await new Promise((resolve) => setTimeout(resolve, 50));
      const still = now === before && now === server.bufferedAmount;
      before = now;
      return still;
    });
    // Kernel buffers on two connections hold a few megabytes; the gateway adds next to nothing.
    expect(server.bufferedAmount).toBeGreaterThan(40 * MEGABYTE);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      client.on('message', () => {
        received++;
        if (received === 64) resolve();
      });
    });
    client.resume();
    await all;
  });

  it('is closed with 1014 when its instance is gone', async () => {
    const { sockets } = await echo();
    const client = await open();
    const closed = closeOf(client);
    sockets[0]?.terminate();
    expect(await closed).toBe(1_014);
  });

  it('is closed on the instance when the client is gone', async () => {
    const { sockets } = await echo();
    const client = await open();
    await until('the instance has it', () => sockets.length === 1);
    const closed = closeOf(sockets[0] as WebSocket);
    client.terminate();
    expect(await closed).toBe(1_006);
  });

  it('goes to another instance when the first refuses the connection', async () => {
    const { port } = await echo();
    const dead = createTcpServer();
    const deadPort = await listen(dead as never);
    await new Promise((resolve) => dead.close(resolve));
    rig.registry.set('chat', deadPort, port);
    for (let round = 0; round < 4; round++) {
      const client = await open();
      client.close();
      await closeOf(client);
    }
  });

  it('passes the filters of its route', async () => {
    await echo();
    await open('/api/chat/limited');
    const second = new WebSocket(`${rig.url.replace('http', 'ws')}/api/chat/limited`);
    const [, response] = await once(second, 'unexpected-response');
    expect([response.statusCode, response.headers['x-refused-by']]).toEqual([429, 'rate-limit']);
    second.on('error', () => {});
    second.terminate();
  });
});

describe('a refusal of the instance', () => {
  it('reaches the client as it is', async () => {
    const { port } = await rig.upstream((_request, response) => response.end('no upgrades here'));
    rig.registry.set('chat', port);
    const client = new WebSocket(`${rig.url.replace('http', 'ws')}/api/chat/room`);
    client.on('error', () => {});
    const [, response] = await once(client, 'unexpected-response');
    expect(response.statusCode).toBe(200);
    client.terminate();
  });
});

const handshake = (...more: string[]) =>
  `${[
    'GET /api/chat/room HTTP/1.1',
    'Host: h',
    ...(more.some((line) => /^upgrade:/i.test(line)) ? [] : ['Upgrade: websocket']),
    ...(more.some((line) => /^connection:/i.test(line)) ? [] : ['Connection: Upgrade']),
    ...(more.some((line) => /^sec-websocket-version:/i.test(line)) ? [] : ['Sec-WebSocket-Version: 13']),
    ...(more.some((line) => /^sec-websocket-key:/i.test(line)) ? [] : ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']),
    ...more,
  ].join('\r\n')}\r\n\r\n`;

/** A TCP server that answers each connection's first bytes with `answer`, and keeps what came. */
async function rawInstance(answer: string): Promise<{ received: () => string }> {
  let received = '';
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (received === '') socket.write(answer);
      received += chunk.toString('latin1');
    });
  });
  servers.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  rig.registry.set('chat', await listen(server as never));
  return { received: () => received };
}

const ACCEPT = acceptOf('dGhlIHNhbXBsZSBub25jZQ==');
const SMUGGLED = 'GET /internal/secret HTTP/1.1\r\nHost: h\r\n\r\n';

describe('an upgrade that two servers could read differently', () => {
  it.each([
    ['another version', handshake('Sec-WebSocket-Version: 777'), 426],
    ['no key', handshake('Sec-WebSocket-Key: '), 400],
    ['a short key', handshake('Sec-WebSocket-Key: YQ=='), 400],
    [
      'two keys',
      handshake('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: aGhlIHNhbXBsZSBub25jZQ=='),
      400,
    ],
    ['two protocols to upgrade to', handshake('Upgrade: websocket, h2c'), 400],
    ['a body', handshake('Content-Length: 5'), 400],
    ['a chunked body', handshake('Transfer-Encoding: chunked'), 400],
    ['a POST', handshake().replace('GET', 'POST'), 400],
    ['HTTP/1.0', handshake().replace('HTTP/1.1', 'HTTP/1.0'), 400],
    ['a climbing path', handshake().replace('/api/chat/room', '/api/chat/../orders'), 400],
  ])('is refused before an instance sees anything: %s', async (_, bytes, status) => {
    const { received } = await rawInstance('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    const answer = await rig.raw(bytes + SMUGGLED);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(received()).toBe('');
  });

  it.each([
    [
      'a wrong proof',
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${'a'.repeat(27)}=\r\n\r\n`,
    ],
    ['no proof', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'],
    [
      'a protocol that nobody offered',
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\nSec-WebSocket-Protocol: x\r\n\r\n`,
    ],
    [
      'another protocol',
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    ],
  ])('opens no tunnel on a 101 with %s', async (_, bytes) => {
    const { received } = await rawInstance(bytes);
    const answer = await rig.raw(handshake() + SMUGGLED);
    expect(answer).toMatch(/^HTTP\/1\.1 502 /);
    expect(received()).not.toContain('secret');
  });

  it('opens no tunnel on a refusal: what follows the request goes nowhere', async () => {
    const { received } = await rawInstance('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    const answer = await rig.raw(handshake() + SMUGGLED);
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(received()).not.toContain('secret');
  });

  it('leaves an upgrade to any other protocol alone: the request is an ordinary one', async () => {
    const { port } = await rig.upstream((request, response) => response.end(`upgrade=${request.headers.upgrade}`));
    rig.registry.set('chat', port);
    const answer = await rig.raw(
      'GET /api/chat/a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('upgrade=undefined');
  });

  it('ends with 504 when the instance does not answer the handshake', async () => {
    const slow = await startRig({
      routes: [{ id: 'a', path: '/api/chat/**', service: 'chat', tryTimeoutMs: 100, timeoutMs: 100 }],
    });
    const server = createTcpServer((socket) => socket.on('error', () => {}).resume());
    slow.registry.set('chat', await listen(server as never));
    expect(await slow.raw(handshake())).toMatch(/^HTTP\/1\.1 504 /);
    await slow.close();
    server.close();
  });
});

describe('the bounds of WebSockets', () => {
  it('one too many is refused, one that is silent is closed, and on a drain all are told to go: 1001', async () => {
    const bounded = await startRig({ websocket: { maxConnections: 2, idleTimeoutMs: 300, closeGraceMs: 500 } });
    const { server } = await bounded.upstream(() => {});
    const sockets = new WebSocketServer({ server });
    bounded.registry.set('chat', (server.address() as { port: number }).port);
    const url = `ws://127.0.0.1:${bounded.port}/api/chat/room`;
    const silent = new WebSocket(url);
    const busy = new WebSocket(url);
    await Promise.all([once(silent, 'open'), once(busy, 'open')]);
    const third = new WebSocket(url).on('error', () => {});
    const [, response] = await once(third, 'unexpected-response');
    expect([response.statusCode, response.headers['x-refused-by']]).toEqual([503, 'websocket-limit']);
    const pinging = setInterval(() => busy.ping(), 50);
    expect(await closeOf(silent)).toBe(1_001);
    expect(busy.readyState).toBe(WebSocket.OPEN);
    const told = closeOf(busy);
    const atInstance = Promise.all([...sockets.clients].map((each) => closeOf(each)));
    bounded.gateway.drain();
    expect(await told).toBe(1_001);
    expect(await atInstance).toContain(1_001);
    clearInterval(pinging);
    third.terminate();
    sockets.close();
    await bounded.close();
  });

  it('one that nobody uses takes little memory', async () => {
    await echo();
    const many = 200;
    const open = async () => {
      const socket = connect(rig.port, '127.0.0.1');
      socket.write(handshake());
      await once(socket, 'data');
      return socket;
    };
    const warm = await Promise.all(Array.from({ length: 20 }, open));
    const before = process.memoryUsage().heapUsed;
    const idle = await Promise.all(Array.from({ length: many }, open));
    const eachBytes = (process.memoryUsage().heapUsed - before) / many;
    // Client, gateway and instance share this process, so that this is all three of them.
    expect(eachBytes).toBeLessThan(100 * 1024);
    for (const socket of [...warm, ...idle]) socket.destroy();
  });
});
