import { Agent, request } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { collectGarbage } from '../testing/collect-garbage.ts';
import { type Rig, startRig, until } from '../testing/rig.ts';

const MIB = 2 ** 20;
/** So many, or as many as a busy machine has sent after so long. */
const REQUESTS = 2_000;
const MOST_MS = 10_000;
/** A request that stayed would be several times as much. */
const NOISE_BYTES = 512;
let rig: Rig;
const sockets = new Set<Socket>();

beforeEach(async () => {
  const filters = [
    { name: 'request-headers', set: { 'x-a': '{rest}' } },
    { name: 'response-headers', set: { 'x-b': '1' } },
  ];
  const limits = { timeoutMs: 60, tryTimeoutMs: 20, breaker: { consecutive: 10_000, errorPercent: 100 } };
  rig = await startRig({
    routes: [
      { id: 'plain', path: '/plain/**', service: 'bad', ...limits },
      { id: 'filtered', path: '/filtered/{rest}', service: 'bad', filters, ...limits },
    ],
  });
});
afterEach(() => rig.close());

const hung = () =>
  createTcpServer((socket) => {
    sockets.add(socket.resume().on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
  });

/** A request whose answer, or failure, is of no interest. */
function send(agent: Agent, index: number): Promise<void> {
  const method = index % 2 === 0 ? 'GET' : 'POST';
  const path = `/${index % 3 === 0 ? 'plain' : 'filtered'}/x`;
  return new Promise((resolve) => {
    const sent = request({ port: rig.port, path, method, agent }, (response) =>
      response.resume().on('error', () => {}),
    );
    sent.on('error', () => {});
    sent.on('close', resolve);
    if (index % 7 === 0) setTimeout(() => sent.destroy(), 10);
    sent.end(method === 'POST' ? 'x'.repeat(2_000) : undefined);
  });
}

/** Answers how many were sent. */
async function load(agent: Agent, most: number): Promise<number> {
  const endMs = performance.now() + MOST_MS;
  let sent = 0;
  const client = async () => {
    while (sent < most && performance.now() < endMs) await send(agent, sent++);
  };
  await Promise.all(Array.from({ length: 64 }, client));
  await until('nothing is in flight', () => rig.gateway.inFlight === 0);
  rig.log.length = 0;
  return sent;
}

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

it('after an outage of its upstreams (they hang, reset, vanish) the heap is back at its level, and no socket stays', async () => {
  const server = hung();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const resetting = await rig.upstream((incoming) => void incoming.socket.resetAndDestroy());
  const vanishing = await rig.upstream((incoming, response) => {
    response.write('x');
    setImmediate(() => incoming.socket.resetAndDestroy());
  });
  const address = server.address();
  rig.registry.set('bad', address && typeof address === 'object' ? address.port : 0, resetting.port, vanishing.port);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  await load(agent, REQUESTS / 4);
  const before = await heapBytes();
  const sent = await load(agent, REQUESTS);
  const grown = (await heapBytes()) - before;
  expect(sent).toBeGreaterThan(200);
  expect(grown).toBeLessThan(MIB + sent * NOISE_BYTES);
  rig.registry.set('bad');
  rig.gateway.targets.of('bad')?.reconcile();
  await until('every upstream socket is closed', () => sockets.size === 0);
  agent.destroy();
  server.close();
}, 60_000);
