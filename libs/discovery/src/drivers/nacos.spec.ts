import { type Address, makeAuthority, TcpProxy } from '@rookery/connections/testing';
import { hasNacos, type NacosServer, startNacos } from '@rookery/servers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRegistry } from '../create-registry.ts';
import type { Registry } from '../discovery.ts';
import { type ClientOptions, type ClientTls, registryContract } from '../testing/contract.ts';
import { anInstance, idsOf, serviceName, until } from '../testing/fixtures.ts';
import { serverUnderContract, tlsOf } from '../testing/server-under-contract.ts';

const START_MS = 140_000;

/** @param grpc where its gRPC is, which a Nacos address does not name: it is 1000 above */
const client = (grpc: Address, options: ClientOptions = {}) => {
  const { suffix, parameters } = tlsOf(options);
  const at = `${grpc.host}:${grpc.port - 1_000}`;
  return createRegistry(`nacos${suffix}://${at}/${options.namespace ?? ''}?wait=1s${parameters}`);
};

describe.skipIf(!hasNacos)('with a real Nacos', () => {
  const authority = makeAuthority();
  let started: Promise<NacosServer[]> | undefined;
  const servers = async (): Promise<[open: NacosServer, closed: NacosServer]> => {
    const tls = { caFile: authority.caFile, ...authority.server };
    started ??= Promise.all([startNacos(), startNacos({ auth: true, tls })]) as Promise<NacosServer[]>;
    return (await started) as [NacosServer, NacosServer];
  };
  afterAll(async () => {
    for (const server of (await started) ?? []) await server.stop();
    authority.remove();
  });

  registryContract('Nacos', {
    timeoutMs: 120_000,
    async start() {
      const [open, closed] = await servers();
      await open.administer('POST', '/v3/admin/core/namespace', { namespaceId: 'elsewhere', namespaceName: 'other' });
      const { user, password } = closed.credentials;
      const as = (secret: string, tls: ClientTls = { caFile: authority.caFile, ...authority.client }) =>
        createRegistry(`${closed.url.replace('//', `//${user}:${secret}@`)}?wait=1s${tlsOf({ tls }).parameters}`);
      return {
        ...serverUnderContract({ ...open, url: `nacos://127.0.0.1:${open.grpcPort}` }, client),
        credentials: { right: () => as(password), wrong: () => as('swordfish'), secret: 'swordfish' },
        mutualTls: { authority, createRegistry: (tls) => as(password, tls) },
        stop: async () => {},
      };
    },
  });

  describe('nacos://', { timeout: 60_000 }, () => {
    let server: NacosServer;
    let grpc: Address;
    const closing: Array<{ close(): Promise<void> }> = [];
    beforeAll(async () => {
      [server] = await servers();
      grpc = { host: '127.0.0.1', port: server.grpcPort };
    }, START_MS);
    afterEach(async () => {
      for (const it of closing.splice(0)) await it.close();
    });
    async function open(url = server.url): Promise<Registry> {
      const registry = await createRegistry(url);
      closing.push(registry);
      return registry;
    }
    async function proxied(): Promise<[TcpProxy, Registry]> {
      const proxy = await TcpProxy.before(grpc);
      const registry = await client(proxy.address);
      closing.push(registry, proxy);
      return [proxy, registry];
    }
    const listed = (registry: Registry, service: string, ...ids: string[]) =>
      until(`they are ${ids}`, async () => idsOf(await registry.instances(service)).join() === ids.join());

    it('keeps several instances of a service that one process registered apart', async () => {
      const [registry, other] = [await open(), await open()];
      const service = serviceName();
      const leases = await Promise.all(['a', 'b', 'c'].map((id) => registry.register(anInstance({ service, id }))));
      await listed(other, service, 'a', 'b', 'c');
      await leases[1]?.release();
      await listed(other, service, 'a', 'c');
      await leases[0]?.release();
      await listed(other, service, 'c');
      await leases[2]?.release();
      await listed(other, service);
    });

    it('reads instances that other clients registered', async () => {
      const registry = await open();
      const service = serviceName();
      const metadata = JSON.stringify({ version: '2' });
      const form = { serviceName: service, ip: '10.0.0.9', port: '80', weight: '2', clusterName: 'a', metadata };
      await server.administer('POST', '/v3/client/ns/instance', form);
      await listed(registry, service, '10.0.0.9:80');
      expect((await registry.instances(service))[0]).toEqual({
        ...{ id: '10.0.0.9:80', service, address: '10.0.0.9', port: 80, weight: 2, zone: 'a' },
        metadata: { version: '2' },
      });
    });

    it('keeps groups apart', async () => {
      const [registry, other] = [await open(`${server.url}?group=birds`), await open()];
      const instance = anInstance({});
      await registry.register(instance);
      await listed(registry, instance.service, instance.id);
      expect(await registry.services()).toEqual([instance.service]);
      expect(await other.instances(instance.service)).toEqual([]);
    });

    it('does not take for gone, for some seconds, whom a server that came back does not know again yet', async () => {
      const [toWatcher, watcher] = await proxied();
      const [toMissing, missing] = await proxied();
      const service = serviceName();
      const seen: string[] = [];
      const watch = watcher.watch(service, (instances) => seen.push(idsOf(instances).join()));
      await watch.ready;
      await missing.register(anInstance({ service, id: 'missing' }));
      await until('it is seen', () => watch.current.length === 1);
      for (const proxy of [toWatcher, toMissing]) proxy.cut();
      const near = await open();
      await listed(near, service);
      toWatcher.heal();
      await near.register(anInstance({ service, id: 'new' }));
      await until('the new one is seen', () => watch.current.length === 2);
      await until('the other is given up', () => watch.current.length === 1, 20_000);
      expect(seen).toEqual(['', 'missing', 'missing,new', 'new']);
    });

    it('moves to another connection when the server asks for it, and nobody is missed', async () => {
      const [registry, watcher] = [await open(), await open()];
      const service = serviceName();
      const watch = watcher.watch(service, () => {});
      await registry.register(anInstance({ service, id: 'a' }));
      await until('it is seen', () => watch.current.length === 1);
      const before = Object.keys((await server.administer('GET', '/v3/admin/core/loader/current')) as object);
      expect(before).toHaveLength(2);
      for (const connectionId of before) {
        await server.administer('POST', '/v3/admin/core/loader/reloadClient', { connectionId });
      }
      const left = async () => Object.keys((await server.administer('GET', '/v3/admin/core/loader/current')) as object);
      await until('both are gone', async () => (await left()).every((id) => !before.includes(id)));
      await listed(registry, service, 'a');
      await registry.register(anInstance({ service, id: 'b' }));
      await until('the watch goes on', () => idsOf(watch.current).join() === 'a,b');
    });

    it('goes on with the next server of its URL where one does not answer', async () => {
      const registry = await open(server.url.replace('//', '//127.0.0.1:1,'));
      const instance = anInstance({});
      const watch = registry.watch(instance.service, () => {});
      await watch.ready;
      await registry.register(instance);
      await until('it is seen', () => watch.current.length === 1);
    });

    it('says where gRPC is looked for, when nothing answers there', async () => {
      await expect((await open('nacos://127.0.0.1:1')).services()).rejects.toThrow(
        'does not answer: connection refused (gRPC is 1000 ports above)',
      );
    });
  });
});

describe('nacos://', () => {
  it('says what is wrong with its URL without its password', async () => {
    await expect(createRegistry('nacos://a:owl@host?grupp=x')).rejects.toThrow('"grupp" is not one of group, wait');
    await expect(createRegistry('nacos://a:owl@host?wait=soon')).rejects.not.toThrow('owl');
  });
});
