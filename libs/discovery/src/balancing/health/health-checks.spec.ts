import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
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

function checked(ports: Record<string, number>, health: object) {
  const loads = Object.entries(ports).map(([id, port]) => new InstanceLoad({ ...anInstanceOf(id), port }));
  const { health: options } = parseBalance({ health: { everyMs: 100, timeoutMs: 150, ...health } });
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
    await until('three are down', () => down().length === 3);
    expect(down()).toEqual(['ill', 'hangs', 'gone']);
    status = 204;
    await until('one is back', () => up.length > 0);
    expect(down()).toEqual(['hangs', 'gone']);
    expect(up).toEqual(['ill']);
  });

  it('by connection find who does not listen, whatever is answered', async () => {
    const ports = { hangs: await listening(createServer(() => {})), gone: 1 };
    const { down } = checked(ports, { kind: 'tcp' });
    await until('one is down', () => down().length > 0);
    expect(down()).toEqual(['gone']);
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
