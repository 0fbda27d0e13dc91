import { setTimeout as delay } from 'node:timers/promises';
import Consul from 'consul';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
let consul: InstanceType<typeof Consul>;

beforeAll(async () => {
  registry = await RegistryProcess.start();
  consul = new Consul({ port: registry.port });
}, 30_000);
afterAll(async () => {
  consul.destroy();
  await registry.stop();
});

const check = { name: 'beat', ttl: '10s', timeout: '10s', status: 'passing', deregistercriticalserviceafter: '1m' };

describe('the npm client consul', () => {
  it('registers, reports and deregisters', async () => {
    const web = {
      name: 'web',
      id: 'web-1',
      address: '10.0.0.1',
      port: 80,
      tags: ['v1'],
      meta: { version: '1' },
      check,
    };
    await consul.agent.service.register(web);
    expect(await consul.agent.service.list()).toMatchObject({ 'web-1': { Service: 'web', Tags: ['v1'] } });
    expect(await consul.catalog.service.list()).toMatchObject({ web: ['v1'] });
    expect(await consul.catalog.service.nodes('web')).toMatchObject([{ ServiceID: 'web-1', ServicePort: 80 }]);
    expect(await consul.health.service({ service: 'web', passing: true })).toHaveLength(1);
    expect(await consul.health.service({ service: 'web', tag: 'v2' })).toEqual([]);
    await consul.agent.check.fail({ id: 'service:web-1', note: 'disk full' });
    expect(await consul.health.service({ service: 'web', passing: true })).toEqual([]);
    expect(await consul.health.checks('web')).toMatchObject([{ Status: 'critical', Output: 'disk full' }]);
    expect(await consul.health.state('critical')).toHaveLength(1);
    await consul.agent.check.warn('service:web-1');
    expect(await consul.health.state('warning')).toHaveLength(1);
    await consul.agent.check.pass('service:web-1');
    expect(await consul.agent.check.list()).toMatchObject({ 'service:web-1': { Status: 'passing' } });
    await consul.agent.service.deregister('web-1');
    expect(await consul.health.service('web')).toEqual([]);
    await expect(consul.agent.check.pass('service:web-1')).rejects.toMatchObject({ statusCode: 404 });
    await expect(consul.agent.service.deregister('web-1')).rejects.toMatchObject({ statusCode: 404 });
  });

  it('knows the agent, its node and its leader', async () => {
    expect(await consul.status.leader()).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(await consul.status.peers()).toHaveLength(1);
    expect(await consul.catalog.node.list()).toMatchObject([{ Node: 'rookery', Datacenter: 'dc1' }]);
    expect(await consul.catalog.datacenters()).toEqual(['dc1']);
  });

  it('watches', async () => {
    const watch = consul.watch({ method: consul.health.service, options: { service: 'watched', wait: '5s' } });
    const seen: number[] = [];
    watch.on('change', (entries: unknown[]) => seen.push(entries.length));
    await vi.waitFor(() => expect(seen).toEqual([0]), 10_000);
    await consul.agent.service.register({ name: 'elsewhere', check });
    await consul.agent.service.register({ name: 'watched', check });
    await vi.waitFor(() => expect(seen).toEqual([0, 1]), 10_000);
    watch.end();
  });

  it('keeps keys, bytes as they are', async () => {
    const bytes = Buffer.from([0, 255, 10, 128]);
    const key = 'a key/with ü?&#/and more';
    expect(await consul.kv.set({ key, value: bytes, flags: 42 })).toBe(true);
    expect(await consul.kv.get({ key, raw: true })).toEqual(bytes);
    expect(await consul.kv.get(key)).toMatchObject({ Key: key, Flags: 42, LockIndex: 0 });
    expect(await consul.kv.keys('a key/')).toEqual([key]);
    expect(await consul.kv.get({ key: 'a key', recurse: true })).toHaveLength(1);
    expect(await consul.kv.get('not there')).toBeUndefined();
    // This client answers undefined for a plain `false`, of Consul too.
    expect(await consul.kv.set({ key, value: 'x', cas: 0 })).toBeUndefined();
    expect(await consul.kv.del({ key: 'a key', recurse: true })).toBe(true);
    expect(await consul.kv.get(key)).toBeUndefined();
  });

  it('locks with sessions', async () => {
    const { ID: first } = await consul.session.create({ name: 'first', ttl: '10s', lockdelay: '0s' });
    const { ID: second } = await consul.session.create({ lockdelay: '0s' });
    expect(await consul.kv.set({ key: 'leader', value: '1', acquire: first })).toBe(true);
    expect(await consul.kv.set({ key: 'leader', value: '2', acquire: second })).toBeUndefined();
    expect(await consul.session.renew(first)).toMatchObject([{ ID: first, TTL: '10s', Name: 'first' }]);
    expect(await consul.session.list()).toHaveLength(2);
    await consul.session.destroy(first);
    expect(await consul.session.get(first)).toBeUndefined();
    expect(await consul.kv.get('leader')).not.toHaveProperty('Session');
    expect(await consul.kv.set({ key: 'leader', value: '2', acquire: second })).toBe(true);
    expect(await consul.kv.set({ key: 'leader', value: '', release: second })).toBe(true);
    await expect(consul.session.renew(first)).rejects.toMatchObject({ statusCode: 404 });
    await expect(consul.session.create({ ttl: '1s' })).rejects.toThrow('Invalid Session TTL');
  });
});

describe('a restart', () => {
  const indexOf = async () => {
    const response = await fetch(`${registry.url}/v1/health/service/kept`);
    return Number(response.headers.get('x-consul-index'));
  };

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s loses nothing, and the index goes on',
    async (signal) => {
      await consul.agent.service.register({ name: 'kept', id: `kept-${signal}`, check });
      await consul.kv.set({ key: `kept/${signal}`, value: signal });
      const index = await indexOf();
      const waiting = fetch(`${registry.url}/v1/kv/kept?index=${index + 1_000}&wait=5m`).catch(() => {});
      // A killed registry may lose what came in the last tenth of a second.
      if (signal === 'SIGKILL') await delay(300);
      const startedAtMs = performance.now();
      expect(await registry.end(signal)).toBe(signal === 'SIGTERM' ? 0 : null);
      expect(performance.now() - startedAtMs).toBeLessThan(8_000);
      await waiting;
      await registry.start();
      const kept = (await consul.health.service({ service: 'kept', passing: true })) as { Service: { ID: string } }[];
      expect(kept.map(({ Service }) => Service.ID)).toContain(`kept-${signal}`);
      expect(await consul.kv.get(`kept/${signal}`)).toMatchObject({ Value: signal });
      expect(await indexOf()).toBeGreaterThan(index);
    },
    30_000,
  );
});
