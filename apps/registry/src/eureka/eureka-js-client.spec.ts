import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RegistryProcess } from '../testing/registry-process.ts';

/** The part of npm `eureka-js-client` that is used; it has no types. */
interface EurekaClient {
  start(done: (error?: Error) => void): void;
  stop(done: (error?: Error) => void): void;
  on(event: string, listener: () => void): void;
  getInstancesByAppId(app: string): { instanceId: string; status: string; metadata: Record<string, string> }[];
  getInstancesByVipAddress(vip: string): { instanceId: string; ipAddr: string; port: { $: number } }[];
}
const { Eureka } = createRequire(import.meta.url)('eureka-js-client') as {
  Eureka: new (options: object) => EurekaClient;
};

let registry: RegistryProcess;
beforeAll(async () => {
  registry = await RegistryProcess.start();
}, 30_000);
afterAll(() => registry.stop());

function client(name: string, port: number): EurekaClient {
  const silent = { warn() {}, info() {}, debug() {}, error() {}, level() {} };
  return new Eureka({
    logger: silent,
    instance: {
      ...{ app: name, vipAddress: name, hostName: '127.0.0.1', ipAddr: '127.0.0.1', instanceId: `${name}:${port}` },
      port: { $: port, '@enabled': true },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      metadata: { version: '7' },
    },
    eureka: {
      ...{ host: '127.0.0.1', port: registry.port, servicePath: '/eureka/v2/apps/' },
      ...{ heartbeatInterval: 100, registryFetchInterval: 100, maxRetries: 1 },
    },
    shouldUseDelta: true,
  });
}
const done = (act: (callback: (error?: Error) => void) => void) =>
  new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));

describe('the npm client eureka-js-client', { timeout: 30_000 }, () => {
  it('registers, renews, sees others come and go by delta, and deregisters', async () => {
    const [first, second] = [client('films', 7001), client('actors', 7002)];
    let beats = 0;
    first.on('heartbeat', () => beats++);
    await done((callback) => first.start(callback));
    await expect.poll(() => beats).toBeGreaterThan(1);
    expect(first.getInstancesByAppId('FILMS')).toMatchObject([
      { instanceId: 'films:7001', metadata: { version: '7' } },
    ]);
    await done((callback) => second.start(callback));
    await expect.poll(() => first.getInstancesByVipAddress('actors')).toMatchObject([{ port: { $: 7002 } }]);
    const found = await fetch(`${registry.url}/v1/health/service/films?passing`);
    expect(await found.json()).toMatchObject([{ Service: { Address: '127.0.0.1', Port: 7001 } }]);
    await done((callback) => second.stop(callback));
    await expect.poll(() => first.getInstancesByVipAddress('actors')).toEqual([]);
    await done((callback) => first.stop(callback));
    const left = await fetch(`${registry.url}/v1/catalog/services`);
    expect(await left.json()).toEqual({});
  });
});
