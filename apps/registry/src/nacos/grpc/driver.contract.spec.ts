import { randomUUID } from 'node:crypto';
import { createRegistry } from '@rookery/discovery';
import { registryContract, tlsOf } from '@rookery/discovery/testing';
import { RegistryProcess } from '../../testing/registry-process.ts';

const GRPC = { REGISTRY_NACOS_GRPC: 'on' };
/** From the port of an address of Nacos to that of its gRPC. */
const OFFSET = 1_000;

registryContract('embedded registry, asked in the way of Nacos', {
  // Its instances end with their connection, whatever lease they ask for.
  cannot: ['lease'],
  async start() {
    const [token, secret] = [randomUUID(), randomUUID()];
    const [own, closed] = [
      await RegistryProcess.start(GRPC),
      await RegistryProcess.start({ ...GRPC, REGISTRY_TOKEN: token }),
    ];
    const address = { host: '127.0.0.1', port: own.port + OFFSET };
    const as = (password: string) => createRegistry(`nacos://anybody:${password}@127.0.0.1:${closed.port}?wait=1s`);
    return {
      address,
      createRegistry({ host, port } = address, options = {}) {
        const { suffix, parameters } = tlsOf(options);
        const at = `${host}:${port - OFFSET}/${options.namespace ?? ''}`;
        return createRegistry(`nacos${suffix}://${at}?wait=1s${parameters}`);
      },
      credentials: { right: () => as(token), wrong: () => as(secret), secret },
      async restartServer(whileDown) {
        await own.end('SIGKILL');
        await whileDown?.();
        await own.start();
      },
      stop: async () => {
        await Promise.all([own.stop(), closed.stop()]);
      },
    };
  },
});
