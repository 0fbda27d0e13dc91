import { findProgram, forkSource, type OwnServer, startOwnEtcd } from '@rookery/servers';
import { describe } from 'vitest';
import { type ClientOptions, coordinationContract, type Engine } from '../testing/contract.ts';

/** One call of etcd's JSON gateway: what an administrator does beside the driver. */
async function admin(server: OwnServer, path: string, body: object): Promise<{ count?: string }> {
  const init = { method: 'POST', body: JSON.stringify(body), signal: AbortSignal.timeout(5_000) };
  const response = await fetch(`${server.url.replace('etcd:', 'http:')}/v3/${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { count?: string };
}

async function withUsers(): Promise<OwnServer> {
  const server = (await startOwnEtcd()) as OwnServer;
  await admin(server, 'auth/user/add', { name: 'root', password: 'owl' });
  await admin(server, 'auth/user/grant', { user: 'root', role: 'root' });
  await admin(server, 'auth/enable', {});
  return server;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.skipIf(!findProgram('etcd'))('with a real etcd', () => {
  coordinationContract('etcd', {
    fork: forkSource,
    async start(): Promise<Engine> {
      const [server, closed] = [(await startOwnEtcd()) as OwnServer, await withUsers()];
      const addressOf = ({ url }: OwnServer) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
      const address = addressOf(server);
      const url = ({ at = address, tls, namespace = '' }: ClientOptions = {}, user = '') => {
        const query = tls?.caFile ? `?ca-file=${encodeURIComponent(tls.caFile)}` : '';
        return `etcd${tls ? '+tls' : ''}://${user}${at.host}:${at.port}/${namespace}${query}`;
      };
      const at = addressOf(closed);
      return {
        ...{ address, url: (options) => url(options), kill: server.kill, start: server.start },
        credentials: { right: url({ at }, 'root:owl@'), wrong: url({ at }, 'root:swordfish@'), secret: 'swordfish' },
        async waiting(lock) {
          const folder = `/rookery/coordination/locks/${lock}/`;
          const range = { key: base64(folder), range_end: base64(`${folder.slice(0, -1)}0`), count_only: true };
          return Math.max(Number((await admin(server, 'kv/range', range)).count ?? 0) - 1, 0);
        },
        stop: async () => {
          await Promise.all([server.stop(), closed.stop()]);
        },
      };
    },
  });
});
