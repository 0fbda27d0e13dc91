import { createRegistry } from '@rookery/discovery';
import { type RegistryServer, registryContract } from '@rookery/discovery/testing';
import { type OwnServer, type Server, startConsul } from '@rookery/servers';
import { afterAll, describe } from 'vitest';
import { RegistryProcess } from './testing/registry-process.ts';

const client = (host: string, port: number) => createRegistry(`consul://${host}:${port}?wait=1s`);

registryContract('embedded registry', {
  async start(): Promise<RegistryServer> {
    const registry = await RegistryProcess.start();
    const address = { host: '127.0.0.1', port: registry.port };
    return {
      address,
      createRegistry: ({ host, port } = address) => client(host, port),
      async restartServer(whileDown) {
        await registry.end('SIGKILL');
        await whileDown?.();
        await registry.start();
      },
      stop: () => registry.stop(),
    };
  },
});

const consul = await startConsul();
afterAll(() => consul?.stop());
const own = consul && 'kill' in consul;

describe.skipIf(!consul)('with a real Consul', () => {
  registryContract('real Consul', {
    start: async () => serverOf(consul as Server | OwnServer),
    cannot: own ? [] : ['restart'],
  });
});

function serverOf(server: Server | OwnServer): RegistryServer {
  const { hostname: host, port } = new URL(server.url);
  const address = { host, port: Number(port) };
  return {
    address,
    createRegistry: (at = address) => client(at.host, at.port),
    async restartServer(whileDown) {
      if (!('kill' in server)) return;
      await server.kill();
      await whileDown?.();
      await server.start();
    },
    stop: async () => {},
  };
}
