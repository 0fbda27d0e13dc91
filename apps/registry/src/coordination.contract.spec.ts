import { coordinationContract } from '@rookery/coordination/testing';
import { forkSource } from '@rookery/servers';
import { engineAt, LEASE } from './testing/coordination-engine.ts';
import { RegistryProcess } from './testing/registry-process.ts';

coordinationContract('embedded registry', {
  fork: forkSource,
  ...LEASE,
  cannot: ['fair-order', 'credentials'],
  async start() {
    const registry = await RegistryProcess.start();
    return engineAt(registry.port, {
      kill: async () => void (await registry.end('SIGKILL')),
      start: () => registry.start(),
      stop: () => registry.stop(),
    });
  },
});
