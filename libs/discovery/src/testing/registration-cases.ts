import { expect, it } from 'vitest';
import type { Instance } from '../discovery.ts';
import { serviceName, until } from './fixtures.ts';
import { LEASE_MS, SLACK_MS, type Stage } from './stage.ts';

/** What a driver does with an instance that registers, and with one that ends. */
export function registrationCases({ can, cannot, anInstance, open, register, proxied, leaseStepMs }: Stage): void {
  async function roundTrip(facts: Partial<Instance>): Promise<Instance | undefined> {
    const registry = await open();
    const instance = anInstance(facts);
    const lease = await register(registry, instance);
    const found = await until('the instance is listed', async () => (await registry.instances(instance.service))[0]);
    await lease.release();
    return { ...found, id: instance.id, service: instance.service };
  }

  it('lists a registered instance and its service, for every client', async () => {
    const [registry, other] = [await open(), await open()];
    const instance = anInstance({});
    await register(registry, instance);
    await until('it is listed', async () => (await other.instances(instance.service)).length === 1);
    expect(await other.instances(instance.service)).toEqual([instance]);
    await until('its service is listed', async () => (await other.services()).includes(instance.service));
  });

  it('answers no instances for a service that nobody knows', async () => {
    expect(await (await open()).instances(serviceName())).toEqual([]);
  });

  can('metadata')('keeps metadata whatever characters its keys have', async () => {
    const metadata = { version: '1.2.3', openapi: '/openapi.json', 'team.name/with spaces': 'größe 票', empty: '' };
    expect((await roundTrip({ metadata }))?.metadata).toEqual(metadata);
  });

  can('weight')('keeps the weight, also 0 and fractions', async () => {
    for (const weight of [0, 0.5, 7]) expect((await roundTrip({ weight }))?.weight).toBe(weight);
  });

  can('zone')('keeps the zone', async () => {
    expect((await roundTrip({ zone: 'eu-1b' }))?.zone).toBe('eu-1b');
    expect(await roundTrip({})).not.toHaveProperty('zone');
  });

  can('grpc-port')('keeps both ports', async () => {
    expect(await roundTrip({ port: 3000, grpcPort: 4000 })).toMatchObject({ port: 3000, grpcPort: 4000 });
    expect(await roundTrip({ port: 3000 })).not.toHaveProperty('grpcPort');
  });

  if (cannot.includes('register'))
    it('answers an empty lease, without asking the engine', async () => {
      const registry = await open();
      const instance = anInstance({});
      const lease = await registry.register(instance);
      expect(lease.instance).toEqual(instance);
      expect(await registry.instances(instance.service)).toEqual([]);
      await lease.release();
      await lease.release();
    });

  it('takes a released instance out at once, and lets it be released again', async () => {
    const registry = await open();
    const instance = anInstance({});
    const lease = await register(registry, instance);
    await until('it is listed', async () => (await registry.instances(instance.service)).length === 1);
    await lease.release();
    await lease.release();
    await until('it is gone', async () => (await registry.instances(instance.service)).length === 0);
    await until('so is its service', async () => !(await registry.services()).includes(instance.service));
  });

  can('lease')('drops a crashed instance within its lease, and keeps one that heartbeats', async () => {
    const proxy = cannot.includes('network') ? undefined : await proxied();
    const [crashing, living, reader] = [await open(proxy?.address), await open(), await open()];
    const service = serviceName();
    const living1 = anInstance({ service, id: `${service}-living` });
    await register(living, living1, { leaseMs: LEASE_MS });
    await register(crashing, anInstance({ service, id: `${service}-crashing` }), { leaseMs: LEASE_MS });
    await until('both are listed', async () => (await reader.instances(service)).length === 2);
    const sent = proxy?.requests ?? 0;
    if (proxy) await until('it has renewed its lease', () => proxy.requests > sent + 1);
    await crashing.close();
    const crashedAtMs = performance.now();
    const countedMs = Math.ceil(LEASE_MS / leaseStepMs) * leaseStepMs;
    await until('one is gone', async () => (await reader.instances(service)).length === 1, countedMs + SLACK_MS);
    const rest = LEASE_MS - (performance.now() - crashedAtMs);
    await until('a whole lease is over', () => performance.now() - crashedAtMs > LEASE_MS, rest + SLACK_MS);
    expect(await reader.instances(service)).toEqual([living1]);
  });

  can('lease')('registers again an instance that the engine has forgotten', async () => {
    const [registry, other] = [await open(), await open()];
    const instance = anInstance({});
    await register(registry, instance, { leaseMs: LEASE_MS });
    const same = await register(other, instance, { leaseMs: LEASE_MS });
    await same.release();
    await until('it is back', async () => (await other.instances(instance.service)).length === 1);
    expect(await other.instances(instance.service)).toEqual([instance]);
  });
}
