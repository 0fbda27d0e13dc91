import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { App } from '../workspace/projects.ts';
import type { Plan } from './plan.ts';
import { portVariable, settlePorts, wantedPorts } from './ports.ts';

const planned = (name: string, port?: number) => ({
  app: {
    name,
    packageName: name,
    directory: '',
    kind: 'app',
    dependencies: [],
    app: { purpose: '', needs: [], ...(port && { port }) },
  } satisfies App,
  instances: 1,
});
const PLAN: Plan = {
  apps: [planned('registry', 8500), planned('config-center', 8090), planned('catalog')],
  postgres: true,
};

describe('ports', () => {
  test('come from package.json, and a variable moves them', () => {
    const ports = (environment: NodeJS.ProcessEnv) =>
      Object.fromEntries(wantedPorts(PLAN, environment).map(({ app, port }) => [app, port]));
    expect(ports({})).toEqual({ postgres: 5433, registry: 8500, 'config-center': 8090 });
    expect(ports({ CONFIG_CENTER_PORT: '0', CATALOG_PORT: '4000', POSTGRES_PORT: ' 6000 ' })).toEqual({
      postgres: 6000,
      registry: 8500,
      'config-center': 0,
      catalog: 4000,
    });
    expect(portVariable('config-center')).toBe('CONFIG_CENTER_PORT');
  });

  test.each(['http', '-1', '65536', '80.5'])('a variable that is %o is refused by name', (text) => {
    expect(() => wantedPorts(PLAN, { REGISTRY_PORT: text })).toThrow(`REGISTRY_PORT is "${text}"`);
  });

  test('two apps on one port are refused before anything starts', () => {
    expect(() => wantedPorts(PLAN, { CATALOG_PORT: '8500' })).toThrow(
      /registry and catalog both want port 8500; set CATALOG_PORT/,
    );
  });

  test('a taken port is one sentence that names port, app and variable', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const wanted = [{ app: 'gateway', variable: 'GATEWAY_PORT', port }];
    await expect(settlePorts(wanted, { host: '127.0.0.1' })).rejects.toThrow(
      new RegExp(`^Port ${port} of gateway is taken .*GATEWAY_PORT`),
    );
    setTimeout(() => server.close(), 50);
    await expect(settlePorts(wanted, { host: '127.0.0.1', patienceMs: 5_000 })).resolves.toEqual(
      new Map([['gateway', port]]),
    );
  });

  test('0 becomes free ports, each another one', async () => {
    const wanted = ['a', 'b', 'c'].map((app) => ({ app, variable: '', port: 0 }));
    const ports = await settlePorts(wanted, { host: '127.0.0.1' });
    expect(new Set(ports.values()).size).toBe(3);
    expect([...ports.values()].every((port) => port > 0)).toBe(true);
  });

  test('an address that is not of this machine names HOST', async () => {
    await expect(settlePorts([{ app: 'a', variable: 'A_PORT', port: 0 }], { host: '203.0.113.1' })).rejects.toThrow(
      'HOST',
    );
  });
});
