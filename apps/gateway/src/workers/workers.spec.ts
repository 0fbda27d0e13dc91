import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { OtlpCollector } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../testing/rig.ts';
import { workerCount } from './worker-count.ts';

/** The compiled gateway: processes of their own run what `nx build` has made. */
const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const PATIENCE_MS = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE_MS });

interface Line {
  event?: string;
  pid?: number;
  url?: string;
  [field: string]: unknown;
}

let collector: OtlpCollector;
let upstream: Server;
let sockets: WebSocketServer;
let gateway: ChildProcess;
let exited: Promise<[number | null]>;
let url = '';
let finish: (() => void) | undefined;
const lines: Line[] = [];

const events = (event: string) => lines.filter((line) => line.event === event || line.msg === event);
const workerPids = () => events('worker started').map(({ pid }) => Number(pid));

beforeAll(async () => {
  collector = await OtlpCollector.start();
  upstream = createServer((incoming, response) => {
    if (incoming.url === '/api/catalog/slow') finish = () => response.end('slow');
    else response.end('fine');
  }).listen(0, '127.0.0.1');
  sockets = new WebSocketServer({ server: upstream });
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  gateway = fork(PROGRAM, {
    silent: true,
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      ...collector.environment,
      GATEWAY_WORKERS: '3',
      GATEWAY_WORKER_SILENCE_MS: '5000',
      PORT: '0',
      GATEWAY_ADMIN_PORT: '0',
      SHUTDOWN_TIMEOUT_MS: '30000',
      DISCOVERY_URL: `static:catalog=127.0.0.1:${port}`,
    },
  });
  exited = once(gateway, 'exit') as Promise<[number | null]>;
  let rest = '';
  gateway.stdout?.on('data', (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part));
  });
  gateway.on('message', (message: { type: string; urls?: { http: string } }) => {
    if (message.type === 'ready') url = message.urls?.http ?? '';
  });
  await until('all workers are ready', () => url !== '', PATIENCE_MS);
}, PATIENCE_MS);
afterAll(async () => {
  gateway.kill('SIGKILL');
  sockets.close();
  upstream.close();
  upstream.closeAllConnections();
  collector.close();
});

/** On a connection of its own, so that any worker may get it. */
const ask = (path: string, withinMs = 1_000) =>
  new Promise<number>((resolve, reject) => {
    request(url + path, { agent: false, signal: AbortSignal.timeout(withinMs) }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('three workers on one port', () => {
  it('serve together, and their metrics are one sum', async () => {
    expect(new Set(workerPids()).size).toBe(3);
    const statuses = await Promise.all(Array.from({ length: 60 }, () => ask('/api/catalog/a', PATIENCE_MS)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const [admin] = events('admin pages ready');
    await until('the metrics have all of them', async () => {
      const text = await (await fetch(String(admin?.url).replace('/admin', '/metrics'))).text();
      return /gateway_requests_total\{[^}]*route="services"[^}]*\} 60$/m.test(text);
    });
  });

  it('replace one that is killed, while the others serve', async () => {
    const [victim] = workerPids();
    let failed = 0;
    let stop = false;
    const load = (async () => {
      while (!stop) {
        const status = await ask('/api/catalog/a', 10_000).catch(() => 0);
        if (status !== 200) failed++;
      }
    })();
    process.kill(Number(victim), 'SIGKILL');
    await until('there is another one', () => workerPids().length === 4, PATIENCE_MS);
    stop = true;
    await load;
    // A connection that the victim had taken dies with it; the next ones do not.
    expect(failed).toBeLessThanOrEqual(1);
    expect(isAlive(Number(victim))).toBe(false);
  });

  it('share out what a hung worker does not take, and the one connection on its way to it is closed when it is killed', async () => {
    const started = workerPids().length;
    const victim = Number(workerPids()[1]);
    process.kill(victim, 'SIGSTOP');
    const [refused, statuses]: [string[], number[]] = [[], []];
    const asked = Array.from({ length: 30 }, () =>
      ask('/api/catalog/a', PATIENCE_MS).then(
        (status) => statuses.push(status),
        (error: NodeJS.ErrnoException) => refused.push(String(error.code)),
      ),
    );
    await until('all others are answered', () => statuses.length === asked.length - 1, PATIENCE_MS);
    process.kill(victim, 'SIGKILL');
    // Not the end of the client's own patience, which is ABORT_ERR.
    await until('it has ended', () => refused.length > 0, PATIENCE_MS / 2);
    expect(refused).toEqual(['ECONNRESET']);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await until('there is another one', () => workerPids().length === started + 1, PATIENCE_MS);
    const next = await Promise.all(Array.from({ length: 30 }, () => ask('/api/catalog/a', PATIENCE_MS)));
    expect(new Set(next)).toEqual(new Set([200]));
  });

  it('replace one that hangs without dying', async () => {
    const started = workerPids().length;
    // The eldest: one that has only just begun is not waited for.
    const victim = Number(workerPids().find(isAlive));
    process.kill(victim, 'SIGSTOP');
    await until('there is another one', () => workerPids().length === started + 1, PATIENCE_MS);
    expect(events('worker hangs').map(({ pid }) => pid)).toEqual([victim]);
    expect(isAlive(victim)).toBe(false);
    expect(await ask('/api/catalog/a', PATIENCE_MS)).toBe(200);
  });

  it('end what runs on SIGTERM, tell WebSockets to go, and all of them are gone: exit 0', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/catalog/live`);
    await once(socket, 'open');
    const told = once(socket, 'close');
    const answer = ask('/api/catalog/slow', PATIENCE_MS);
    await until('it runs', () => finish !== undefined);
    gateway.kill('SIGTERM');
    await until('no connection is taken any more', () =>
      ask('/api/catalog/a').then(
        () => false,
        () => true,
      ),
    );
    finish?.();
    expect(await answer).toBe(200);
    expect((await told)[0]).toBe(1_001);
    expect((await exited)[0]).toBe(0);
    expect(workerPids().filter(isAlive)).toEqual([]);
    // What waited has gone to the collector before.
    expect(collector.spans.filter(({ attributes }) => attributes['url.path'] === '/api/catalog/slow')).toHaveLength(1);
  });
});

it('a wrong number of workers is refused with what is right', () => {
  expect([workerCount({}), workerCount({ GATEWAY_WORKERS: '4' })]).toEqual([1, 4]);
  expect(workerCount({ GATEWAY_WORKERS: 'auto' })).toBeGreaterThan(0);
  for (const GATEWAY_WORKERS of ['0', '-1', 'many', '1.5', '1000'])
    expect(() => workerCount({ GATEWAY_WORKERS })).toThrow(/from 1 to 128, or auto/);
});
