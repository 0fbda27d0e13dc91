import { type ConnectionErrors, parseServerUrl } from '@rookery/connections';
import { ZkNodes, ZkSession } from '@rookery/connections/zookeeper';
import { forkSource, hasZooKeeper, type OwnServer, startOwnZooKeeper } from '@rookery/servers';
import { describe } from 'vitest';
import { errors } from '../errors.ts';
import { type ClientOptions, coordinationContract, type Engine } from '../testing/contract.ts';

describe.skipIf(!hasZooKeeper)('with a real ZooKeeper', () => {
  coordinationContract('ZooKeeper', {
    fork: forkSource,
    async start(): Promise<Engine> {
      const server = (await startOwnZooKeeper()) as OwnServer;
      const address = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
      const url = ({ at = address, tls, namespace = '' }: ClientOptions = {}, user = '') => {
        const query = tls?.caFile ? `?ca-file=${encodeURIComponent(tls.caFile)}` : '';
        return `zookeeper${tls ? '+tls' : ''}://${user}${at.host}:${at.port}/${namespace}${query}`;
      };
      const form = { example: '', port: 0, secureSchemes: [], parameters: [] };
      const session = new ZkSession(parseServerUrl(url(), form, errors as ConnectionErrors), 10_000, undefined);
      const nodes = new ZkNodes(session, 'count');
      const secured = { namespace: 'secured' };
      return {
        ...{ address, url: (options) => url(options), kill: server.kill, start: server.start },
        credentials: { right: url(secured, 'owl:hoot@'), wrong: url(secured, 'owl:swordfish@'), secret: 'swordfish' },
        waiting: async (lock) =>
          Math.max(((await nodes.children(`/rookery/coordination/locks/${lock}`, false))?.length ?? 0) - 1, 0),
        stop: async () => {
          session.close(true);
          await server.stop();
        },
      };
    },
  });
});
