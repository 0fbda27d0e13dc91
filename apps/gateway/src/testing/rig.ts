import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Upstreams } from '@rookery/discovery';
import { createLogger, Metrics } from '@rookery/observability';
import { Gateway, type GatewayParts } from '../gateway.ts';
import { AccessLog } from '../observe/access-log.ts';
import { SERVER_OPTIONS } from '../server/server-options.ts';
import { FakeRegistry } from './fake-registry.ts';
import { parseSettings } from './parse-settings.ts';

/** A gateway on a free port, with a registry that the spec fills. Everything that it starts ends with `close`. */
export interface Rig {
  readonly url: string;
  readonly port: number;
  readonly registry: FakeRegistry;
  readonly gateway: Gateway;
  readonly server: Server;
  readonly log: Record<string, unknown>[];
  readonly metrics: Metrics;
  /** A real HTTP server as one more instance of nothing yet; answers its port. */
  upstream(listener: RequestListener): Promise<{ port: number; server: Server }>;
  /** Sends bytes as they are and answers what came back until the connection closed. */
  raw(text: string | Buffer, options?: { idleMs?: number }): Promise<string>;
  close(): Promise<void>;
}

export async function startRig(
  settings: Record<string, unknown> = {},
  { environment, spans }: Pick<GatewayParts, 'environment' | 'spans'> = {},
): Promise<Rig> {
  const registry = new FakeRegistry();
  const upstreams = new Upstreams(registry);
  const log: Record<string, unknown>[] = [];
  const metrics = new Metrics('gateway');
  const accessLog = new AccessLog((lines) => {
    for (const line of Buffer.from(lines).toString().trim().split('\n')) log.push(JSON.parse(line));
  });
  const gateway = new Gateway({
    settings: parseSettings({ drainTimeoutMs: 2_000, ...settings }),
    registry,
    upstreams,
    metrics,
    accessLog,
    spans,
    logger: createLogger({ service: 'gateway', level: 'silent' }),
    environment,
  });
  const server = createServer(SERVER_OPTIONS, (request, response) => {
    if (!gateway.handle(request, response)) response.end('own');
  });
  gateway.guard(server);
  const port = await listen(server);
  const started: Server[] = [];
  const rig: Rig = {
    url: `http://127.0.0.1:${port}`,
    port,
    registry,
    gateway,
    server,
    log,
    metrics,
    async upstream(listener) {
      const upstream = createServer(listener);
      started.push(upstream);
      return { port: await listen(upstream), server: upstream };
    },
    raw: (text, { idleMs = 2_000 } = {}) => exchange(connect(port, '127.0.0.1'), text, idleMs),
    async close() {
      server.close();
      server.closeAllConnections();
      await gateway.close();
      upstreams.close();
      for (const upstream of started) {
        upstream.close();
        upstream.closeAllConnections();
      }
    },
  };
  try {
    await gateway.listen('127.0.0.1');
    return rig;
  } catch (error) {
    await rig.close();
    throw error;
  }
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function exchange(socket: Socket, text: string | Buffer, idleMs: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(idleMs, done);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', done);
    socket.on('close', done);
    socket.write(text);
  });
}

/** Settles once the condition holds; fails after `limitMs`, saying what was waited for. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
