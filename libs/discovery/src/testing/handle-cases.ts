import { expect, it } from 'vitest';
import { until } from './fixtures.ts';
import type { Stage } from './stage.ts';

/** What is left of a client that was closed. */
export function handleCases({ can, cannot, anInstance, register, proxied, server }: Stage): void {
  const held = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|TLS|UDP/.test(kind)).length;

  can('network')('leaves no handle after close while the registry is away', async () => {
    const proxy = await proxied();
    const before = held();
    const registry = await server().createRegistry(proxy.address);
    const instance = anInstance({});
    await register(registry, instance);
    const watch = registry.watch(instance.service, () => {});
    await watch.ready;
    const tries = proxy.connectedAtMs.length;
    proxy.cut();
    await until('it has tried again', () => proxy.connectedAtMs.length > tries + 1);
    await registry.close();
    await until('its sockets and timers are gone', () => held() <= before);
  });

  it('leaves no handle after close, also of watches and heartbeats', async () => {
    const before = held();
    const registry = await server().createRegistry();
    const instance = anInstance({});
    await register(registry, instance);
    const watch = registry.watch(instance.service, () => {});
    registry.watchServices(() => {});
    await watch.ready;
    await registry.close();
    await registry.close();
    await until('its sockets and timers are gone', () => held() <= before);
    const calls: (() => Promise<unknown>)[] = [() => registry.instances(instance.service), () => registry.services()];
    if (!cannot.includes('register')) calls.push(() => registry.register(instance));
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'DISCOVERY_CLOSED' });
    expect(() => registry.watch(instance.service, () => {})).toThrow(/closed/);
    expect(() => registry.watchServices(() => {})).toThrow(/closed/);
  });
}
