import { createClient } from '@redis/client';
import { forkSource, type OwnServer, startOwnRedis } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { createCoordination } from '../create-coordination.ts';
import { type ClientOptions, coordinationContract, type Engine } from '../testing/contract.ts';

const redis = await startOwnRedis();
afterAll(() => redis?.stop());

describe.skipIf(!redis)('with a real Redis', () => {
  const server = redis as OwnServer;

  coordinationContract('Redis', {
    fork: forkSource,
    cannot: ['fair-order', 'waiting'],
    async start(): Promise<Engine> {
      const address = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
      const url = ({ at = address, tls, namespace = 'suite' }: ClientOptions = {}, user = '') => {
        const ca = tls?.caFile ? `&ca-file=${encodeURIComponent(tls.caFile)}` : '';
        return `redis${tls ? 's' : ''}://${user}${at.host}:${at.port}/0?namespace=${namespace}${ca}`;
      };
      const addUser = async (): Promise<void> => {
        const admin = createClient({ url: server.url });
        await admin.connect();
        await admin.sendCommand(['ACL', 'SETUSER', 'owl', 'on', '>hoot', '~*', '+@all']);
        await admin.close();
      };
      await addUser();
      return {
        ...{ address, url: (options) => url(options), kill: server.kill },
        start: async () => {
          await server.start();
          await addUser();
        },
        credentials: { right: url({}, 'owl:hoot@'), wrong: url({}, 'owl:swordfish@'), secret: 'swordfish' },
        waiting: async () => 0,
        stop: async () => {},
      };
    },
  });

  it('leaves nothing of a lock but the last token', async () => {
    const client = await createCoordination(`${server.url}/1?namespace=clean`);
    const lock = await client.acquire('a', {});
    await expect(client.acquire('a', { waitMs: 100 })).rejects.toMatchObject({ code: 'COORDINATION_TIMEOUT' });
    await lock.release();
    await client.close();
    const admin = createClient({ url: `${server.url}/1` });
    await admin.connect();
    expect(await admin.keys('*')).toEqual(['clean:token']);
    await admin.close();
  });
});
