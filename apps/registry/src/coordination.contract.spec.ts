import { randomUUID } from 'node:crypto';
import { coordinationContract } from '@rookery/coordination/testing';
import { forkSource } from '@rookery/servers';
import { engineAt, LEASE } from './testing/coordination-engine.ts';
import { RegistryProcess } from './testing/registry-process.ts';

coordinationContract('embedded registry', {
  fork: forkSource,
  ...LEASE,
  cannot: ['fair-order'],
  async start() {
    const [token, secret] = [randomUUID(), randomUUID()];
    const [registry, closed] = [await RegistryProcess.start(), await RegistryProcess.start({ REGISTRY_TOKEN: token })];
    const as = (offered: string) => `consul://127.0.0.1:${closed.port}?token=${offered}`;
    return engineAt(registry.port, {
      kill: async () => void (await registry.end('SIGKILL')),
      start: () => registry.start(),
      stop: async () => {
        await Promise.all([registry.stop(), closed.stop()]);
      },
      credentials: { right: as(token), wrong: as(secret), secret },
    });
  },
});
