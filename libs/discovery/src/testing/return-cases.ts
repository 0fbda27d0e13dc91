import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { idsOf, serviceName, until } from './fixtures.ts';
import { LEASE_MS, SLACK_MS, type Stage } from './stage.ts';

/** What a driver does when its registry is back. */
export function returnCases({ can, cannot, anInstance, open, register, proxied, server, leaseStepMs }: Stage): void {
  can('restart')('leaves the last known instances; afterwards they are registered and watched again', async () => {
    const registry = await open();
    const instance = anInstance({});
    await register(registry, instance, { leaseMs: LEASE_MS });
    const seen: string[][] = [];
    const watch = registry.watch(instance.service, (instances) => seen.push(idsOf(instances)));
    let names: readonly string[] = [];
    registry.watchServices((services) => {
      names = services;
    });
    await until('it is seen', () => watch.current.length === 1 && names.includes(instance.service));
    await server().restartServer?.(async () => {
      await expect(registry.instances(instance.service)).rejects.toMatchObject({ code: 'DISCOVERY_UNREACHABLE' });
      expect(watch.current).toEqual([instance]);
      expect(names).toContain(instance.service);
    });
    const fresh = await open();
    await until('it is registered', async () => (await fresh.instances(instance.service)).length === 1, 15_000);
    await until('it is seen again', () => watch.current.length === 1, 15_000);
    const second = anInstance({ service: instance.service, id: `${instance.id}-second` });
    await register(fresh, second);
    await until('the watch goes on', () => watch.current.length === 2, 15_000);
    const other = anInstance({});
    await register(fresh, other);
    await until('that of the names too', () => names.includes(other.service), 15_000);
    expect(names).toContain(instance.service);
  });

  can('network')('is seen as it is when it is back, whatever came and went meanwhile', async () => {
    const proxy = await proxied();
    const [far, near] = [await open(proxy.address), await open()];
    const service = serviceName();
    const [gone, came] = ['gone', 'came'].map((name) => anInstance({ service, id: `${service}-${name}` }));
    if (!gone || !came) throw new Error('two instances');
    const lease = await register(near, gone);
    const watch = far.watch(service, () => {});
    let names: readonly string[] = [];
    far.watchServices((services) => {
      names = services;
    });
    await until('it is seen', () => watch.current.length === 1 && names.includes(service));
    proxy.cut();
    await lease.release();
    const other = anInstance({});
    for (const instance of [came, other]) await register(near, instance);
    await until('they are listed', async () => (await near.services()).includes(other.service));
    expect(idsOf(watch.current)).toEqual([gone.id]);
    proxy.heal();
    await until('the watch has caught up', () => idsOf(watch.current).join() === came.id, 15_000);
    await until('that of the names too', () => names.includes(other.service), 15_000);
  });

  can('lease')('gets back no instance that was released while it was away', async () => {
    const proxy = await proxied();
    const [far, near] = [await open(proxy.address), await open()];
    const instance = anInstance({});
    const lease = await far.register(instance, { leaseMs: LEASE_MS });
    await until('it is listed', async () => (await near.instances(instance.service)).length === 1);
    proxy.cut();
    await lease.release();
    proxy.heal();
    const countedMs = Math.ceil(LEASE_MS / leaseStepMs) * leaseStepMs;
    const isGone = async () => (await near.instances(instance.service)).length === 0;
    await until('it is gone', isGone, countedMs + SLACK_MS + 2_000);
    const endsAtMs = performance.now() + LEASE_MS;
    while (performance.now() < endsAtMs) {
      expect(await isGone()).toBe(true);
      await pause(100);
    }
  });

  const cutOff = cannot.includes('lease') ? can('lease') : can('network');
  cutOff('registers again once it was cut off for longer than its lease, and sees what it missed', async () => {
    const proxy = await proxied();
    const [far, near] = [await open(proxy.address), await open()];
    const service = serviceName();
    const [mine, other] = ['mine', 'other'].map((name) => anInstance({ service, id: `${service}-${name}` }));
    if (!mine || !other) throw new Error('two instances');
    await far.register(mine, { leaseMs: LEASE_MS });
    const watch = far.watch(service, () => {});
    await until('it is seen', () => watch.current.length === 1);
    proxy.cut();
    await until('its lease is over', async () => (await near.instances(service)).length === 0);
    expect(watch.current).toEqual([mine]);
    await near.register(other);
    proxy.heal();
    await until('it is back', async () => (await near.instances(service)).length === 2, 15_000);
    expect(await near.instances(service)).toEqual([mine, other]);
    await until('the watch has caught up', () => watch.current.length === 2);
  });
}
