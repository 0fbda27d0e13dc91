import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseSettings } from '../testing/parse-settings.ts';
import { listen, type Rig, startRig, until } from '../testing/rig.ts';

const SERVICES = { id: 'services', path: '/api/{service}/**', service: '{service}' };
let rig: Rig;
const children: ChildProcess[] = [];
beforeEach(async () => {
  const patient = { id: 'patient', path: '/patient/{service}/**', service: '{service}' };
  rig = await startRig({ routes: [{ ...SERVICES, timeoutMs: 1_500, tryTimeoutMs: 300 }, patient] });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rig.close();
});

const problem = async (path: string, init?: RequestInit) => {
  const response = await fetch(rig.url + path, init);
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    ...((await response.json()) as { code: string }),
  };
};

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function instance(listener: RequestListener) {
  return (await rig.upstream(listener)).port;
}

async function childInstance(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('../testing/tiny-instance.mjs', import.meta.url)), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  children.push(child);
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, port: Number(line.toString()) };
}

describe('given two instances in processes of their own', () => {
  it('when one is killed under a steady load of GETs, then not one fails', async () => {
    // A try has its usual time here: a busy machine is no hanging instance.
    rig.gateway.apply(parseSettings({ routes: [SERVICES] }));
    const [one, two] = [await childInstance(), await childInstance()];
    rig.registry.set('catalog', one.port, two.port);
    const statuses = new Map<number | string, number>();
    const pids = new Set<number>();
    let sent = 0;
    let stop = false;
    const client = async () => {
      while (!stop) {
        sent++;
        const result = await fetch(`${rig.url}/api/catalog/films`).then(
          async (response) => {
            pids.add(((await response.json()) as { pid: number }).pid);
            return response.status;
          },
          (error: Error) => String(error.cause ?? error),
        );
        statuses.set(result, (statuses.get(result) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 32 }, client);
    await until('both answer', () => pids.size === 2 && sent > 300, 25_000);
    one.child.kill('SIGKILL');
    await once(one.child, 'exit');
    const atDeath = sent;
    await until('many more were sent', () => sent > atDeath + 1_000, 25_000);
    stop = true;
    await Promise.all(clients);
    expect(Object.fromEntries(statuses)).toEqual({ 200: sent });
    // Thousands of requests, on a machine that may have other things to do.
  }, 60_000);

  it('when one hangs, then GETs are answered by the other after one try', async () => {
    const [one, two] = [await childInstance(), await childInstance()];
    rig.registry.set('catalog', one.port, two.port);
    one.child.kill('SIGSTOP');
    const answers = await Promise.all(Array.from({ length: 20 }, () => fetch(`${rig.url}/api/catalog/x`)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(200));
  });
});

describe('a request that fails at one instance', () => {
  it('goes to another when the connection is refused, a POST with its body too', async () => {
    const good = await instance((request, response) => void request.pipe(response));
    rig.registry.set('orders', await deadPort(), good);
    for (let round = 0; round < 6; round++) {
      const response = await fetch(`${rig.url}/api/orders/`, { method: 'POST', body: 'order' });
      expect([response.status, await response.text()]).toEqual([200, 'order']);
    }
  });

  it('goes to another when it is a GET and the connection breaks or the answer is 503', async () => {
    const breaking = await instance((request) => void request.socket.destroy());
    const busy = await instance((_request, response) => void response.writeHead(503).end('busy'));
    const good = await instance((_request, response) => void response.end('good'));
    for (const bad of [breaking, busy]) {
      rig.registry.set('orders', bad, good);
      for (let round = 0; round < 6; round++) expect((await fetch(`${rig.url}/api/orders/`)).status).toBe(200);
    }
  });

  it('is not repeated when it is a POST that may have arrived', async () => {
    let arrived = 0;
    const breaking = await instance((request) => {
      arrived++;
      request.socket.destroy();
    });
    rig.registry.set('orders', breaking, breaking);
    expect(await problem('/api/orders/', { method: 'POST', body: 'x' })).toMatchObject({
      status: 502,
      code: 'UPSTREAM_FAILED',
    });
    expect(arrived).toBe(1);
  });

  it('hands on the 503 of the only instance, with its Retry-After', async () => {
    rig.registry.set(
      'orders',
      await instance((_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end('{}')),
    );
    expect(await problem('/api/orders/')).toMatchObject({ status: 503, retryAfter: '7' });
  });

  it('is a cut connection for the client when the answer had begun', async () => {
    const cutting = await instance((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    });
    rig.registry.set('orders', cutting);
    await expect(fetch(`${rig.url}/api/orders/`).then((response) => response.text())).rejects.toThrow();
  });

  it('is 502 when the instance answers garbage', async () => {
    const garbage = createTcpServer((socket) => void socket.once('data', () => socket.end('SSH-2.0 hello\r\n\r\n')));
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve));
    rig.registry.set('orders', (garbage.address() as AddressInfo).port);
    expect(await problem('/api/orders/')).toMatchObject({ status: 502, code: 'UPSTREAM_FAILED' });
    garbage.close();
  });
});

describe('time', () => {
  it('that a client gives bounds the answer, and does not speak against the service', async () => {
    rig.registry.set('slow', await instance(() => {}));
    const startedAtMs = performance.now();
    const init = { headers: { 'x-request-timeout-ms': '50' } };
    expect(await problem('/patient/slow/', init)).toMatchObject({ status: 504, code: 'UPSTREAM_TIMEOUT' });
    // Far less than the ten seconds of one try there.
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    await Promise.all(Array.from({ length: 60 }, () => problem('/api/slow/', init)));
    expect(await problem('/api/slow/', init)).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
  });

  it('that the route gives bounds all tries together', async () => {
    rig.registry.set('slow', await instance(() => {}), await instance(() => {}));
    const startedAtMs = performance.now();
    expect(await problem('/api/slow/')).toMatchObject({ status: 504, code: 'UPSTREAM_TIMEOUT' });
    expect(performance.now() - startedAtMs).toBeLessThan(1_500);
  });
});

describe('the breaker of a service', () => {
  it('opens when the service is down, says so with Retry-After, and closes by itself', async () => {
    const port = await deadPort();
    rig.registry.set('orders', port);
    const codes = new Set<string>();
    await until('it is open', async () => {
      const answer = await problem('/api/orders/');
      codes.add(answer.code);
      return answer.code === 'CIRCUIT_OPEN' && answer.status === 503 && Number(answer.retryAfter) >= 1;
    });
    expect(codes).toEqual(new Set(['UPSTREAM_FAILED', 'CIRCUIT_OPEN']));
    const back = createServer((_request, response) => response.end('back'));
    await new Promise<void>((resolve) => back.listen(port, '127.0.0.1', resolve));
    await until('it answers again', async () => (await fetch(`${rig.url}/api/orders/`)).status === 200);
    back.close();
    back.closeAllConnections();
  });
});

describe('after upstreams that hang, reset and vanish', () => {
  it('nothing stays: no request in flight, no socket', async () => {
    const sockets = new Set<Socket>();
    const hung = createTcpServer((socket) => {
      sockets.add(socket.resume().on('error', () => {}));
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => hung.listen(0, '127.0.0.1', resolve));
    const vanishing = await instance((request, response) => {
      response.write('x');
      setTimeout(() => request.socket.resetAndDestroy(), 5);
    });
    const resetting = await instance((request) => void request.socket.resetAndDestroy());
    const ports = [(hung.address() as AddressInfo).port, vanishing, resetting, await deadPort()];
    const endMs = performance.now() + 2_500;
    let sent = 0;
    const client = async (index: number) => {
      while (performance.now() < endMs) {
        rig.registry.set('bad', ...ports.slice(sent % 3));
        sent++;
        const method = index % 2 === 0 ? 'GET' : 'POST';
        const body = method === 'POST' ? 'x'.repeat(10_000) : undefined;
        const signal = index % 5 === 0 ? AbortSignal.timeout(20) : null;
        await fetch(`${rig.url}/api/bad/x`, { method, body, signal })
          .then((response) => response.text())
          .catch(() => {});
      }
    };
    await Promise.all(Array.from({ length: 40 }, (_, index) => client(index)));
    expect(sent).toBeGreaterThan(100);
    await until('nothing is in flight', () => rig.gateway.inFlight === 0);
    rig.registry.set('bad');
    rig.gateway.targets.of('bad')?.reconcile();
    await until('every upstream socket is closed', () => sockets.size === 0);
    await new Promise((resolve) => hung.close(resolve));
  });
});

describe('on shutdown', () => {
  it('what runs ends, new connections are refused, and idle ones are closed', async () => {
    let finish: (() => void) | undefined;
    rig.registry.set(
      'slow',
      await instance((_request, response) => {
        finish = () => response.end('done');
      }),
    );
    const running = fetch(`${rig.url}/api/slow/`, { headers: { connection: 'keep-alive' } });
    await until('it runs', () => finish !== undefined);
    const closed = once(rig.server, 'close');
    rig.server.close();
    await expect(fetch(`${rig.url}/api/slow/`)).rejects.toThrow();
    finish?.();
    const response = await running;
    expect([response.status, response.headers.get('connection'), await response.text()]).toEqual([
      200,
      'close',
      'done',
    ]);
    await closed;
  });
});
