import { type Address, makeAuthority, TcpProxy } from '@rookery/connections/testing';
import { hasZooKeeper, type OwnServer, startOwnZooKeeper, zooKeeperShell } from '@rookery/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import { type ClientOptions, registryContract } from '../testing/contract.ts';
import { anInstance, until } from '../testing/fixtures.ts';
import { serverUnderContract, tlsAddressOf, tlsOf } from '../testing/server-under-contract.ts';

const client = ({ host, port }: Address, options: ClientOptions = {}, user = '') => {
  const { suffix, parameters } = tlsOf(options);
  return createRegistry(
    `zookeeper${suffix}://${user}${host}:${port}/${options.namespace ?? ''}?session=2s${parameters}`,
  );
};

describe.skipIf(!hasZooKeeper)('with a real ZooKeeper', () => {
  registryContract('ZooKeeper', {
    async start() {
      const authority = makeAuthority();
      const server = (await startOwnZooKeeper({ caFile: authority.caFile, ...authority.server })) as OwnServer;
      const at = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
      const as = (password: string) => client(at, { namespace: 'secured' }, `owl:${password}@`);
      return {
        ...serverUnderContract(server, client),
        mutualTls: { authority, createRegistry: (tls) => client(tlsAddressOf(server), { tls }) },
        credentials: { right: () => as('hoot'), wrong: () => as('swordfish'), secret: 'swordfish' },
        stop: async () => {
          await server.stop();
          authority.remove();
        },
      };
    },
  });

  describe('zookeeper://', { timeout: 60_000 }, () => {
    let server: OwnServer;
    let at: Address;
    beforeAll(async () => {
      server = (await startOwnZooKeeper()) as OwnServer;
      at = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    });
    afterAll(() => server.stop());
    /** The session that a node ends with, as ZooKeeper's own shell tells it; 0x0 for a persistent node. */
    const owner = async (node: string) =>
      /ephemeralOwner = (\S+)/.exec(await zooKeeperShell(server.url, 'stat', node))?.[1];

    it('keeps its session, and with it the instance, over a connection that was cut', async () => {
      const proxy = await TcpProxy.before(at);
      const [registry, reader] = [await client(proxy.address), await client(at)];
      const instance = anInstance({});
      await registry.register(instance);
      let gone = false;
      const watch = reader.watch(instance.service, (instances) => {
        gone ||= watch.current.length > 0 && instances.length === 0;
      });
      await until('it is seen', () => watch.current.length === 1);
      const before = proxy.connectedAtMs.length;
      proxy.cut();
      await until('it tries again', () => proxy.connectedAtMs.length > before);
      proxy.heal();
      const second = anInstance({ service: instance.service, id: `${instance.id}-second` });
      // A try that was under way when the network healed may still end as one that failed.
      await until('the second is taken', () =>
        registry.register(second).then(
          () => true,
          () => false,
        ),
      );
      await until('the second is seen', () => watch.current.length === 2);
      expect(gone).toBe(false);
      await Promise.all([registry.close(), reader.close(), proxy.close()]);
    });

    it('uses znodes as they are meant: an ephemeral one for an instance, under a persistent one for its service', async () => {
      const registry = await client(at);
      const instance = anInstance({});
      await registry.register(instance);
      expect(await owner(`/rookery/${instance.service}`)).toBe('0x0');
      expect(await owner(`/rookery/${instance.service}/${instance.id}`)).not.toBe('0x0');
      await registry.close();
    });

    it('registers again in a new session once its own has expired', async () => {
      const proxy = await TcpProxy.before(at);
      const [registry, reader] = [await client(proxy.address), await client(at)];
      const instance = anInstance({});
      await registry.register(instance);
      const node = `/rookery/${instance.service}/${instance.id}`;
      const first = await owner(node);
      proxy.cut();
      await until('its session is over', async () => (await reader.instances(instance.service)).length === 0);
      proxy.heal();
      await until('it is back', async () => (await reader.instances(instance.service)).length === 1, 15_000);
      expect([first, await owner(node)]).not.toContain('0x0');
      expect(await owner(node)).not.toBe(first);
      await Promise.all([registry.close(), reader.close(), proxy.close()]);
    });

    it('takes over the node of a process that had the same id before', async () => {
      const [before, after] = [await client(at), await client(at)];
      const instance = anInstance({ metadata: { version: '1' } });
      await before.register(instance);
      const next = { ...instance, metadata: { version: '2' } };
      await after.register(next);
      await before.close();
      expect(await after.instances(instance.service)).toEqual([next]);
      await after.close();
    });

    it('keeps the node of a service whose last instance has gone', async () => {
      const registry = await client(at);
      const instance = anInstance({});
      const seen: number[] = [];
      const watch = registry.watch(instance.service, (instances) => seen.push(instances.length));
      await watch.ready;
      for (let round = 0; round < 2; round++) {
        const lease = await registry.register(instance);
        await until('it is seen', () => watch.current.length === 1);
        await lease.release();
        await until('it is gone', () => watch.current.length === 0);
      }
      expect(seen).toEqual([0, 1, 0, 1, 0]);
      await registry.close();
    });
  });
});
