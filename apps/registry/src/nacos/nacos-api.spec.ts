import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRegistry } from '@rookery/discovery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(() => registry.stop());

type Parameters = Record<string, string | number>;
const textOf = (parameters: Parameters) =>
  new URLSearchParams(
    Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();

async function ask(method: string, path: string, parameters: Parameters = {}, form?: Parameters) {
  const response = await fetch(`${registry.url}/nacos/${path}?${textOf(parameters)}`, {
    method,
    ...(form ? { body: new URLSearchParams(textOf(form)) } : {}),
  });
  return { status: response.status, text: await response.text() };
}
const read = async (path: string, parameters: Parameters = {}) => JSON.parse((await ask('GET', path, parameters)).text);
const INSTANCE = 'v1/ns/instance';
const at = (serviceName: string, port = 8080, facts: Parameters = {}) => ({
  serviceName,
  ip: '10.0.0.1',
  port,
  ...facts,
});
const hosts = async (serviceName: string, more: Parameters = {}) =>
  (await read(`${INSTANCE}/list`, { serviceName, ...more })).hosts as { port: number; healthy: boolean }[];
const passing = async (service: string) => {
  const response = await fetch(`${registry.url}/v1/health/service/${encodeURIComponent(service)}?passing`);
  return ((await response.json()) as { Service: { Port: number } }[]).map(({ Service }) => Service.Port);
};

describe("Nacos' open API", { timeout: 30_000 }, () => {
  it('takes an instance that every other client then sees as its own kind, and shows it those of others', async () => {
    const metadata = JSON.stringify({ version: '1 & 2', 'rookery-grpc-port': '9090' });
    const facts = { weight: 0.5, clusterName: 'eu-1b', metadata };
    expect(await ask('POST', INSTANCE, at('orders', 8080, facts))).toEqual({ status: 200, text: 'ok' });
    const consul = await createRegistry(`consul://127.0.0.1:${registry.port}`);
    expect(await consul.instances('orders')).toEqual([
      {
        ...{ id: '10.0.0.1#8080#eu-1b#DEFAULT_GROUP@@orders', service: 'orders', address: '10.0.0.1', port: 8080 },
        ...{ grpcPort: 9090, weight: 0.5, zone: 'eu-1b', metadata: { version: '1 & 2' } },
      },
    ]);
    const own = {
      ...{ instanceId: '10.0.0.1#8080#eu-1b#DEFAULT_GROUP@@orders', ip: '10.0.0.1', port: 8080, weight: 0.5 },
      ...{ healthy: true, enabled: true, ephemeral: true, clusterName: 'eu-1b' },
      ...{ serviceName: 'DEFAULT_GROUP@@orders', metadata: JSON.parse(metadata) },
    };
    expect(await read(`${INSTANCE}/list`, { serviceName: 'orders' })).toMatchObject({
      ...{ name: 'DEFAULT_GROUP@@orders', groupName: 'DEFAULT_GROUP', clusters: '', cacheMillis: 3_000, hosts: [own] },
    });
    const lease = await consul.register({
      ...{ id: 'web-1', service: 'web', address: '10.0.0.2', port: 80, weight: 3, zone: 'a', metadata: { v: '1' } },
    });
    const web = { ip: '10.0.0.2', port: 80, weight: 3, clusterName: 'DEFAULT', metadata: { v: '1', zone: 'a' } };
    expect(await hosts('web', { clusters: 'DEFAULT' })).toMatchObject([{ ...web, healthy: true, ephemeral: true }]);
    expect(await read(INSTANCE, { serviceName: 'web', ip: '10.0.0.2', port: 80 })).toMatchObject(web);
    // Whether it is well, its own heartbeat says.
    const { text } = await ask('PUT', `${INSTANCE}/beat`, { serviceName: 'web', ip: '10.0.0.2', port: 80 });
    expect(JSON.parse(text)).toMatchObject({ code: 20_404 });
    await lease.release();
    expect(await hosts('web')).toEqual([]);
    await consul.close();
  });

  it('finds instances by cluster and health, and services by group', async () => {
    await ask('POST', INSTANCE, at('found', 1, { clusterName: 'a' }));
    await ask('POST', INSTANCE, at('found', 2, { clusterName: 'b', healthy: 'false' }));
    const ports = async (more: Parameters) => (await hosts('found', more)).map(({ port }) => port);
    expect(await ports({})).toEqual([1, 2]);
    expect(await ports({ clusters: 'a,c' })).toEqual([1]);
    expect(await ports({ healthyOnly: 'true' })).toEqual([1]);
    expect(await passing('found')).toEqual([1]);
    expect(await ask('GET', INSTANCE, at('found', 1))).toEqual({ status: 404, text: 'no matched ip found!' });
    const named = await read('v1/ns/service', { serviceName: 'found' });
    expect(named).toMatchObject({
      name: 'found',
      groupName: 'DEFAULT_GROUP',
      clusters: [{ name: 'a' }, { name: 'b' }],
    });
    expect((await ask('GET', 'v1/ns/service', { serviceName: 'nobody' })).status).toBe(404);
    const { doms, count } = await read('v1/ns/service/list', { pageNo: 1, pageSize: 100 });
    expect(doms).toContain('found');
    expect(count).toBe(doms.length);
    expect(await read('v1/ns/service/list', { pageNo: 1, pageSize: 1 })).toEqual({ count, doms: [doms[0]] });
    expect(await read('v1/ns/operator/metrics')).toMatchObject({ status: 'UP', serviceCount: count });
    expect((await read('v1/ns/operator/servers')).servers).toMatchObject([{ servePort: registry.port, alive: true }]);
  });

  it('keeps namespaces and groups apart, and shows other clients which is which', async () => {
    const names = ['split', 'G1@@split', 'dev@@DEFAULT_GROUP@@split'];
    await ask('POST', INSTANCE, at('split', 1));
    await ask('POST', INSTANCE, at('G1@@split', 2));
    await ask('POST', INSTANCE, at('split', 3, { namespaceId: 'dev', groupName: 'DEFAULT_GROUP' }));
    const ports = async (serviceName: string, more: Parameters = {}) =>
      (await hosts(serviceName, more)).map(({ port }) => port);
    expect(await ports('DEFAULT_GROUP@@split')).toEqual([1]);
    expect(await ports('split', { groupName: 'G1' })).toEqual([2]);
    expect(await ports('split', { namespaceId: 'dev' })).toEqual([3]);
    expect(await ports('split', { namespaceId: 'test' })).toEqual([]);
    for (const [index, name] of names.entries()) expect(await passing(name)).toEqual([index + 1]);
    const page = { pageNo: 1, pageSize: 100 };
    expect(await read('v1/ns/service/list', { ...page, groupName: 'G1' })).toEqual({ count: 1, doms: ['split'] });
    expect(await read('v1/ns/service/list', { ...page, namespaceId: 'dev' })).toEqual({ count: 1, doms: ['split'] });
    await ask('DELETE', INSTANCE, at('split', 1));
    expect([await ports('split'), await ports('G1@@split')]).toEqual([[], [2]]);
  });

  it('renews by a light heartbeat, registers by a whole one, and says so where it knows nobody', async () => {
    const times = { 'preserved.heart.beat.interval': '500', 'preserved.heart.beat.timeout': '4000' };
    const beat = async (more: Parameters, form?: Parameters) =>
      JSON.parse((await ask('PUT', `${INSTANCE}/beat`, at('beats', 1, more), form)).text);
    expect(await beat({})).toEqual({ clientBeatInterval: 5_000, code: 20_404, lightBeatEnabled: true });
    const whole = {
      ...{ serviceName: 'DEFAULT_GROUP@@beats', ip: '10.0.0.1', port: 1, cluster: 'DEFAULT', weight: 2 },
      ...{ metadata: times, scheduled: false, period: 500, stopped: false },
    };
    const known = { clientBeatInterval: 500, code: 10_200, lightBeatEnabled: true };
    expect(await beat({}, { beat: JSON.stringify(whole) })).toEqual(known);
    expect(await hosts('beats')).toMatchObject([{ port: 1, weight: 2, healthy: true, metadata: times }]);
    await expect.poll(() => hosts('beats'), { timeout: 15_000 }).toMatchObject([{ healthy: false }]);
    expect(await passing('beats')).toEqual([]);
    expect(await beat({})).toEqual(known);
    expect(await passing('beats')).toEqual([1]);
  });

  it('tells of changes the address that asked, and no other that it names', async () => {
    const [asking, named] = await Promise.all(
      ['127.0.0.1', '127.0.0.2'].map(async (host) => {
        const socket = createSocket('udp4').bind(0, host);
        await once(socket, 'listening');
        const seen: Buffer[] = [];
        socket.on('message', (packet) => seen.push(packet));
        return { socket, seen, udpPort: socket.address().port };
      }),
    );
    const subscribe = (udpPort = 0, clientIP = '127.0.0.1') =>
      read(`${INSTANCE}/list`, { serviceName: 'told', udpPort, clientIP });
    await subscribe(named?.udpPort, '127.0.0.2');
    expect((await subscribe(asking?.udpPort)).cacheMillis).toBe(10_000);
    expect((await subscribe()).cacheMillis).toBe(3_000);
    await ask('POST', INSTANCE, at('told', 1));
    await expect.poll(() => asking?.seen.length).toBe(1);
    expect(named?.seen).toEqual([]);
    asking?.socket.close();
    named?.socket.close();
  });

  it('takes an instance out of traffic and puts it back', async () => {
    await ask('POST', INSTANCE, at('drained', 1, { metadata: 'a=1,b=2' }));
    expect(await ask('PUT', INSTANCE, at('drained', 1, { enabled: 'false', weight: 5 }))).toMatchObject({
      status: 200,
    });
    expect([await hosts('drained'), await passing('drained')]).toEqual([[], []]);
    await ask('PUT', `${INSTANCE}/beat`, at('drained', 1));
    expect(await passing('drained')).toEqual([]);
    expect(await read(INSTANCE, at('drained', 1))).toMatchObject({ weight: 5, metadata: {} });
    await ask('PUT', INSTANCE, at('drained', 1, { enabled: 'true' }));
    expect([await hosts('drained'), await passing('drained')]).toMatchObject([[{ weight: 1 }], [1]]);
    expect(await ask('PUT', INSTANCE, at('drained', 2))).toMatchObject({ status: 404 });
  });

  it('looks itself whether a persistent instance answers', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await expect.poll(() => server.address()).not.toBeNull();
    const { port } = server.address() as AddressInfo;
    const facts = { serviceName: 'lasting', ip: '127.0.0.1', port, ephemeral: 'false' };
    await ask('POST', INSTANCE, facts);
    expect(await hosts('lasting')).toMatchObject([{ ephemeral: false }]);
    await expect.poll(() => passing('lasting'), { timeout: 10_000 }).toEqual([port]);
    server.close();
    await expect.poll(() => passing('lasting'), { timeout: 20_000 }).toEqual([]);
    expect(await hosts('lasting')).toMatchObject([{ healthy: false }]);
    await ask('DELETE', INSTANCE, facts);
    expect(await hosts('lasting')).toEqual([]);
  });

  it('answers v2 in its envelope', async () => {
    const data = async (method: string, path: string, parameters: Parameters) =>
      JSON.parse((await ask(method, `v2/ns/${path}`, parameters)).text);
    const success = (found: unknown) => ({ code: 0, message: 'success', data: found });
    const name = { serviceName: 'second', groupName: 'G2' };
    expect(await data('POST', 'instance', { ...at('second', 1), groupName: 'G2' })).toEqual(success('ok'));
    expect((await data('GET', 'instance/list', name)).data).toMatchObject({ name: 'G2@@second', hosts: [{ port: 1 }] });
    expect((await data('GET', 'instance', { ...at('second', 1), ...name })).data).toMatchObject({ healthy: true });
    expect(await data('GET', 'service/list', name)).toEqual(success({ count: 1, services: ['second'] }));
    expect((await data('GET', 'service', name)).data).toMatchObject({ serviceName: 'second', groupName: 'G2' });
    expect(await data('PUT', 'instance/beat', { ...at('second', 1), ...name })).toMatchObject({ code: 10_200 });
    expect((await data('PUT', 'instance', { ...at('second', 1), ...name, weight: 7 })).code).toBe(0);
    expect((await data('GET', 'operator/metrics', {})).data).toMatchObject({ status: 'UP' });
    expect((await data('DELETE', 'instance', { ...at('second', 1), ...name })).code).toBe(0);
    expect(await data('GET', 'instance', { ...at('second', 1), ...name })).toMatchObject({ code: 20_004, data: null });
    expect(await data('POST', 'instance', { ip: 'a', port: 1 })).toMatchObject({ code: 10_000 });
    expect(await data('POST', 'instance', at('second', 1, { weight: -1 }))).toMatchObject({ code: 20_002 });
  });

  it('refuses in one line what is no instance', async () => {
    const refused = async (facts: Parameters) => {
      const { status, text } = await ask('POST', INSTANCE, { ...at('bad', 1), ...facts });
      expect(status).toBe(400);
      return text;
    };
    expect(await refused({ serviceName: '' })).toBe("Param 'serviceName' is required.");
    expect(await refused({ serviceName: 'a/../b' })).toMatch('serviceName');
    expect(await refused({ serviceName: 'a@@b@@c' })).toMatch('serviceName');
    expect(await refused({ groupName: 'a b' })).toMatch('groupName');
    expect(await refused({ namespaceId: '../x' })).toMatch('namespaceId');
    expect(await refused({ ip: '' })).toBe('ip: is required');
    expect(await refused({ ip: 'a#b' })).toBe('ip: is no address');
    expect(await refused({ port: 70_000 })).toBe('port: is no port');
    expect(await refused({ weight: 20_000 })).toMatch('weight: is above');
    expect(await refused({ metadata: '[' })).toMatch('metadata');
    expect(await refused({ metadata: '{' })).toMatch('metadata');
    expect(await refused({ clusterName: 'a,b' })).toMatch('cluster');
    const many = JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, index) => [index, ''])));
    expect(await refused({ metadata: many })).toMatch('more than 64');
    expect((await ask('PUT', `${INSTANCE}/beat`, at('bad', 1), { beat: '{' })).status).toBe(400);
  });
});
