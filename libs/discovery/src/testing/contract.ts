import { type Address, type Certificate, TcpProxy } from '@rookery/connections/testing';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { Instance, RegisterOptions, Registry } from '../discovery.ts';
import { accessCases } from './access-cases.ts';
import { awayCases } from './away-cases.ts';
import type { Capability, ClientOptions, RegistryContract, RegistryServer } from './engine.ts';
import { anInstance as anyInstance } from './fixtures.ts';
import { handleCases } from './handle-cases.ts';
import { registrationCases } from './registration-cases.ts';
import { returnCases } from './return-cases.ts';
import type { Stage } from './stage.ts';
import { watchingCases } from './watching-cases.ts';

export type { Address } from '@rookery/connections/testing';
export { callApi, publishSlice } from '../drivers/kubernetes/testing/publish-slice.ts';
export type { Capability, ClientOptions, ClientTls, RegistryContract, RegistryServer } from './engine.ts';
export { tlsOf } from './server-under-contract.ts';

/** What every driver must do; each driver's spec calls it with the real engine. */
export function registryContract(
  name: string,
  {
    start,
    cannot = [],
    instanceAddress = '127.0.0.1',
    idOf = ({ id }) => id,
    leaseStepMs = 1,
    timeoutMs = 40_000,
  }: RegistryContract,
): void {
  const can = (capability: Capability) => (title: string, test: () => Promise<void>) =>
    cannot.includes(capability) ? it.skip(`${title} (cannot: ${capability})`, test) : it(title, test);
  const anInstance = (facts: Partial<Instance>): Instance => {
    const instance = anyInstance({ address: instanceAddress, ...facts });
    return { ...instance, id: idOf(instance) };
  };

  describe(`registry contract: ${name}`, { timeout: timeoutMs }, () => {
    let started: RegistryServer;
    const opened: Registry[] = [];
    const proxies: TcpProxy[] = [];

    beforeAll(async () => {
      started = await start();
    }, timeoutMs + 20_000);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((registry) => registry.close()));
      await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
    });
    afterAll(() => started?.stop());

    async function open(at?: Address, options?: ClientOptions): Promise<Registry> {
      return kept(await started.createRegistry(at, options));
    }
    function kept(registry: Registry): Registry {
      opened.push(registry);
      return registry;
    }
    function register(registry: Registry, instance: Instance, options?: RegisterOptions) {
      return started.publish ? started.publish(instance) : registry.register(instance, options);
    }
    async function proxied(certificate?: Certificate): Promise<TcpProxy> {
      if (!started.address) throw new Error('The server says no address: add the capability "network" to cannot.');
      const proxy = await TcpProxy.before(started.address, certificate);
      proxies.push(proxy);
      return proxy;
    }

    const stage: Stage = { can, cannot, leaseStepMs, server: () => started, anInstance, open, kept, register, proxied };
    describe('registration', () => registrationCases(stage));
    describe('watching', () => watchingCases(stage));
    describe('a registry that is away', () => awayCases(stage));
    describe('a registry that is back', () => returnCases(stage));
    describe('who may ask', () => accessCases(stage));
    handleCases(stage);
  });
}
