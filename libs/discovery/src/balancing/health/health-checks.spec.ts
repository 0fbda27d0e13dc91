import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import fc from 'fast-check';
import { HealthImplementation } from 'grpc-health-check';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../testing/fixtures.ts';
import { parseBalance } from '../balance.ts';
import { InstanceLoad } from '../instance-load.ts';
import { anInstanceOf } from '../testing/loads.ts';
import { HealthChecks } from './health-checks.ts';
import { afterCheck, UNCHECKED } from './health-judgement.ts';

it('an instance turns after so many checks in a row that say so, never sooner', () => {
  const rules = { downAfter: 3, upAfter: 2 };
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (checks) => {
      let health = UNCHECKED;
      for (const [at, ok] of checks.entries()) {
        const before = health;
        health = afterCheck(health, ok, rules);
        const last = checks.slice(0, at + 1).slice(before.isDown ? -2 : -3);
        const shouldTurn = last.length === (before.isDown ? 2 : 3) && last.every((each) => each === before.isDown);
        if (health.isDown !== before.isDown) expect(shouldTurn).toBe(true);
      }
    }),
  );
  expect([false, false, false].reduce((health, ok) => afterCheck(health, ok, rules), UNCHECKED).isDown).toBe(true);
});

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({ close: () => server.close(() => {}).closeAllConnections() });
  return (server.address() as AddressInfo).port;
}

function checked(ports: Record<string, number>, health: object, which: 'port' | 'grpcPort' = 'port') {
  const loads = Object.entries(ports).map(([id, port]) => new InstanceLoad({ ...anInstanceOf(id), [which]: port }));
  const { health: options } = parseBalance({
    health: { everyMs: 100, timeoutMs: 800, ...health },
  });
  if (!options) throw new Error('no health');
  const up: string[] = [];
  const checks = new HealthChecks(
    options,
    () => loads,
    (load) => up.push(load.instance.id),
    () => performance.now(),
    Math.random,
  );
  opened.push(checks);
  return { up, checks, down: () => loads.filter(({ isDown }) => isDown).map(({ instance }) => instance.id) };
}

describe('active checks', () => {
  it('find who hangs, who says no and who is gone, and who is back', async () => {
    let status = 503;
    const ports = {
      well: await listening(createServer((_, response) => response.end('{}'))),
      ill: await listening(createServer((_, response) => response.writeHead(status).end())),
      hangs: await listening(createServer(() => {})),
      gone: 1,
    };
    const { down, up } = checked(ports, {});
    await until('three are down', () => down().join() === 'ill,hangs,gone');
    status = 204;
    await until('one is back', () => down().join() === 'hangs,gone');
    expect(up).toContain('ill');
  });

  it('by connection find who does not listen, whatever is answered', async () => {
    const ports = { hangs: await listening(createServer(() => {})), gone: 1 };
    const { down } = checked(ports, { kind: 'tcp' });
    await until('one is down', () => down().length > 0);
    expect(down()).toEqual(['gone']);
  });

  it('by gRPC ask the health service, of the server or of one of its services, on the gRPC port', async () => {
    const health = new HealthImplementation({ '': 'SERVING', 'films.Films': 'NOT_SERVING' });
    const server = new GrpcServer();
    health.addToServer(server);
    const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
    const [plain, without] = [new GrpcServer(), await listening(createServer(() => {}))];
    const unknown = await promisify(plain.bindAsync.bind(plain))('127.0.0.1:0', ServerCredentials.createInsecure());
    for (const each of [server, plain]) opened.push({ close: () => each.forceShutdown() });

    const whole = checked({ well: port, unknown, without, gone: 1 }, { kind: 'grpc' }, 'grpcPort');
    await until('three are down', () => whole.down().join() === 'unknown,without,gone');
    const films = checked({ films: port }, { kind: 'grpc', service: 'films.Films' }, 'port');
    await until('it is down', () => films.down().length === 1);
    health.setStatus('films.Films', 'SERVING');
    await until('it is back', () => films.down().length === 0);
  });

  it('end when they are closed', async () => {
    let asked = 0;
    const port = await listening(createServer((_, response) => response.end(String(asked++))));
    const { checks } = checked({ well: port }, {});
    await until('it was asked twice', () => asked > 1);
    checks.close();
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked - before).toBeLessThanOrEqual(1);
  });
});
