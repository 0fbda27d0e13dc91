import { randomUUID } from 'node:crypto';
import { coordinationContract } from '@rookery/coordination/testing';
import { forkSource, type OwnServer, startOwnConsul } from '@rookery/servers';
import { afterAll, describe } from 'vitest';
import { engineAt, LEASE } from './testing/coordination-engine.ts';

const consul = await startOwnConsul();
afterAll(() => consul?.stop());

describe.skipIf(!consul)('with a real Consul', () => {
  coordinationContract('real Consul', {
    fork: forkSource,
    ...LEASE,
    // It runs in memory here, and begins to count anew when it restarts.
    cannot: ['fair-order', 'restart'],
    async start() {
      const server = consul as OwnServer;
      const [token, secret] = [randomUUID(), randomUUID()];
      const closed = (await startOwnConsul(token)) as OwnServer;
      const as = (password: string) => `${closed.url}?token=${password}`;
      return engineAt(Number(new URL(server.url).port), {
        ...{ kill: server.kill, start: server.start, stop: closed.stop },
        credentials: { right: as(token), wrong: as(secret), secret },
      });
    },
  });
});
