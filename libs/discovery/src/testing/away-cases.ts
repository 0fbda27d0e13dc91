import { expect } from 'vitest';
import { serviceName, until } from './fixtures.ts';
import type { Stage } from './stage.ts';

/** What a driver does while its registry is away, and how it finds that out. */
export function awayCases({ can, cannot, anInstance, open, register, proxied }: Stage): void {
  can('network')('is said in one sentence that names DISCOVERY_URL, within the deadline', async () => {
    const proxy = await proxied();
    const registry = await open(proxy.address);
    proxy.cut();
    const calls = [
      ...(cannot.includes('register') ? [] : [() => registry.register(anInstance({}))]),
      () => registry.services(),
      () => registry.instances('a'),
    ];
    for (const call of calls) {
      const startedAtMs = performance.now();
      await expect(call()).rejects.toMatchObject({
        code: 'DISCOVERY_UNREACHABLE',
        status: 503,
        message: expect.stringContaining('DISCOVERY_URL'),
      });
      expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    }
  });

  can('network')('leaves the last known instances, and releasing does not throw', async () => {
    const proxy = await proxied();
    const registry = await open(proxy.address);
    const instance = anInstance({});
    const lease = await register(registry, instance);
    const watch = registry.watch(instance.service, () => {});
    await until('it is seen', () => watch.current.length === 1);
    const before = proxy.connectedAtMs.length;
    proxy.cut();
    await until('the driver has tried again', () => proxy.connectedAtMs.length > before + 1);
    expect(watch.current).toEqual([instance]);
    await expect(lease.release()).resolves.toBeUndefined();
  });

  can('network')('is noticed when a connection dies in silence: the next change arrives', async () => {
    const proxy = await proxied();
    const [registry, watcher] = [await open(), await open(proxy.address)];
    const service = serviceName();
    const watch = watcher.watch(service, () => {});
    await watch.ready;
    proxy.silence();
    await register(registry, anInstance({ service }));
    await until('the change arrives', () => watch.current.length === 1, 10_000);
  });

  can('network')('is not stormed: many clients come back at different times', async () => {
    const clients = 30;
    const proxy = await proxied();
    const service = serviceName();
    const watchers = await Promise.all(Array.from({ length: clients }, () => open(proxy.address)));
    await Promise.all(watchers.map((watcher) => watcher.watch(service, () => {}).ready));
    const before = proxy.connectedAtMs.length;
    proxy.cut();
    const tries = () => proxy.connectedAtMs.slice(before);
    await until('each has tried four times', () => tries().length >= 4 * clients, 12_000);
    // A herd would stand in two moments, one for each of its last two tries; a busy machine may hold some back together.
    const moments = new Set(
      tries()
        .slice(-2 * clients)
        .map((atMs) => Math.floor(atMs / 20)),
    );
    expect(moments.size).toBeGreaterThan(8);
  });
}
