import { randomUUID } from 'node:crypto';
import { makeAuthority } from '@rookery/connections/testing';
import { createRegistry } from '@rookery/discovery';
import {
  type ClientOptions,
  type ClientTls,
  type RegistryServer,
  registryContract,
  tlsOf,
} from '@rookery/discovery/testing';
import { type OwnServer, type Server, startConsul, startOwnConsul } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from './testing/registry-process.ts';

function client(host: string, port: number, options: ClientOptions = {}, more = '') {
  const { suffix, parameters } = tlsOf(options, 'https');
  return createRegistry(`${suffix || 'consul'}://${host}:${port}?wait=1s${parameters}${more}`);
}

registryContract('embedded registry', {
  cannot: ['namespace'],
  async start(): Promise<RegistryServer> {
    const [token, secret] = [randomUUID(), randomUUID()];
    const [registry, closed] = [await RegistryProcess.start(), await RegistryProcess.start({ REGISTRY_TOKEN: token })];
    const as = (offered: string) => client('127.0.0.1', closed.port, {}, `&token=${offered}`);
    const address = { host: '127.0.0.1', port: registry.port };
    return {
      address,
      createRegistry: ({ host, port } = address, options) => client(host, port, options),
      async restartServer(whileDown) {
        await registry.end('SIGKILL');
        await whileDown?.();
        await registry.start();
      },
      credentials: { right: () => as(token), wrong: () => as(secret), secret },
      stop: async () => {
        await Promise.all([registry.stop(), closed.stop()]);
      },
    };
  },
});

const consul = await startConsul();
afterAll(() => consul?.stop());
const own = consul && 'kill' in consul;

describe.skipIf(!consul)('with a real Consul', () => {
  registryContract('real Consul', {
    async start() {
      const token = randomUUID();
      const authority = makeAuthority();
      const tls = { caFile: authority.caFile, ...authority.server };
      const closed = own ? await startOwnConsul(token, tls) : undefined;
      const { hostname: host, port } = new URL(closed?.url ?? 'consul://nowhere:1');
      const as = (secret: string) => client(host, Number(port), {}, `&token=${secret}`);
      const secret = randomUUID();
      const secure = (tlsPort: number) => (tls: ClientTls) => client(host, tlsPort, { tls }, `&token=${token}`);
      return {
        ...serverOf(consul as Server | OwnServer),
        credentials: { right: () => as(token), wrong: () => as(secret), secret },
        ...(closed?.tlsPort === undefined ? {} : { mutualTls: { authority, createRegistry: secure(closed.tlsPort) } }),
        stop: async () => {
          await closed?.stop();
          authority.remove();
        },
      };
    },
    cannot: own ? ['namespace'] : ['namespace', 'restart', 'credentials'],
  });

  it('lists a service that somebody registered without a check, and not the servers themselves', async () => {
    const { hostname, port } = new URL((consul as Server).url);
    const put = async (path: string, body?: object) => {
      const init = {
        method: 'PUT',
        ...(body ? { body: JSON.stringify(body) } : {}),
        signal: AbortSignal.timeout(5_000),
      };
      expect((await fetch(`http://${hostname}:${port}/v1/agent/service/${path}`, init)).status).toBe(200);
    };
    const registry = await client(hostname, Number(port));
    let names: readonly string[] = [];
    const watch = registry.watchServices((told) => {
      names = told;
    });
    await watch.ready;
    const service = `unchecked-${randomUUID()}`;
    await put('register', { Name: service, ID: service, Address: '10.0.0.7', Port: 80 });
    await expect.poll(() => names, { timeout: 15_000 }).toContain(service);
    expect(await registry.services()).toContain(service);
    expect(await registry.services()).not.toContain('consul');
    expect(await registry.instances(service)).toMatchObject([{ address: '10.0.0.7', port: 80 }]);
    await put(`deregister/${service}`);
    await expect.poll(() => names, { timeout: 15_000 }).not.toContain(service);
    expect(await registry.services()).not.toContain(service);
    await registry.close();
  });
});

function serverOf(server: Server | OwnServer): RegistryServer {
  const { hostname: host, port } = new URL(server.url);
  const address = { host, port: Number(port) };
  return {
    address,
    createRegistry: (at = address, options) => client(at.host, at.port, options),
    async restartServer(whileDown) {
      if (!('kill' in server)) return;
      await server.kill();
      await whileDown?.();
      await server.start();
    },
    stop: async () => {},
  };
}
