import { type Address, makeAuthority } from '@rookery/connections/testing';
import { findProgram, type OwnServer, startOwnEtcd } from '@rookery/servers';
import { afterAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { type ClientOptions, registryContract } from '../testing/contract.ts';
import { anInstance, idsOf, serviceName, until } from '../testing/fixtures.ts';
import { serverUnderContract, tlsAddressOf, tlsOf } from '../testing/server-under-contract.ts';

const client = ({ host, port }: Address, options: ClientOptions = {}, user = '') => {
  const { suffix, parameters } = tlsOf(options);
  return createRegistry(`etcd${suffix}://${user}${host}:${port}/${options.namespace ?? ''}?wait=1s${parameters}`);
};

/** One call of etcd's JSON gateway: what an administrator does beside the driver. */
async function admin({ host, port }: Address, path: string, body: object, token = ''): Promise<{ token?: string }> {
  const headers = { ...(token ? { authorization: token } : {}) };
  const init = { method: 'POST', body: JSON.stringify(body), headers, signal: AbortSignal.timeout(5_000) };
  const response = await fetch(`http://${host}:${port}/v3/${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { token?: string };
}

async function withUsers(): Promise<OwnServer> {
  const server = (await startOwnEtcd()) as OwnServer;
  const { hostname: host, port } = new URL(server.url);
  const at = { host, port: Number(port) };
  await admin(at, 'auth/user/add', { name: 'root', password: 'owl' });
  await admin(at, 'auth/user/grant', { user: 'root', role: 'root' });
  await admin(at, 'auth/enable', {});
  return server;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe.skipIf(!findProgram('etcd'))('with a real etcd', () => {
  registryContract('etcd', {
    async start() {
      const authority = makeAuthority();
      const tls = { caFile: authority.caFile, ...authority.server };
      const [open, closed] = [(await startOwnEtcd(tls)) as OwnServer, await withUsers()];
      const secured = { host: '127.0.0.1', port: Number(new URL(closed.url).port) };
      return {
        ...serverUnderContract(open, client),
        mutualTls: { authority, createRegistry: (tls) => client(tlsAddressOf(open), { tls }) },
        credentials: {
          right: () => client(secured, {}, 'root:owl@'),
          wrong: () => client(secured, {}, 'root:swordfish@'),
          secret: 'swordfish',
        },
        stop: async () => {
          await Promise.all([open.stop(), closed.stop()]);
          authority.remove();
        },
      };
    },
  });

  describe('etcd://', async () => {
    const server = await startOwnEtcd();
    afterAll(() => server?.stop());
    const at = { host: '127.0.0.1', port: Number(new URL(server?.url ?? 'etcd://x:1').port) };

    it('reads past what is no instance, and past what was compacted', async () => {
      const registry = await client(at);
      const service = serviceName();
      const seen: string[][] = [];
      const watch = registry.watch(service, (instances) => seen.push(idsOf(instances)));
      await watch.ready;
      await admin(at, 'kv/put', { key: base64(`/rookery/${service}/foreign`), value: base64('no JSON') });
      const { header } = (await admin(at, 'kv/put', {
        key: base64(`/rookery/${service}/other`),
        value: base64(JSON.stringify({ service: 'somebody' })),
      })) as { header?: { revision?: string } };
      await admin(at, 'kv/compaction', { revision: header?.revision, physical: true });
      const instance = anInstance({ service });
      await registry.register(instance);
      await until('it is seen', () => watch.current.length === 1);
      expect(seen).toEqual([[], [instance.id]]);
      await registry.close();
    });

    it('goes on with the next server of its URL where one does not answer', async () => {
      const registry = await createRegistry(`etcd://127.0.0.1:1,127.0.0.1:${at.port}`);
      const service = serviceName();
      const watch = registry.watch(service, () => {});
      await watch.ready;
      await registry.register(anInstance({ service }));
      await until('it is seen', () => watch.current.length === 1);
      await registry.close();
    });

    it('says what is wrong with its URL without its password', async () => {
      await expect(createRegistry('etcd://root:owl@host?wiat=1s')).rejects.toThrow('"wiat" is not one of wait');
      await expect(createRegistry('etcd://root:owl@host?wait=soon')).rejects.toThrow('wait is "soon"');
      await expect(createRegistry('etcd://root:owl@host?wait=soon')).rejects.not.toThrow('owl');
      await expect(createRegistry('etcd://')).rejects.toThrow('it is not of the form etcd://host:2379');
      await expect(createRegistry('etcd+tls://host?ca-file=/nowhere')).rejects.toThrow('ca-file /nowhere cannot be');
    });
  });
});
