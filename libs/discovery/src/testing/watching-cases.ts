import { expect, it } from 'vitest';
import type { Instance } from '../discovery.ts';
import { idsOf, serviceName, until } from './fixtures.ts';
import type { Stage } from './stage.ts';

/** What watchers are told, and what not. */
export function watchingCases({ can, cannot, anInstance, open, register, proxied }: Stage): void {
  it('sees each change, in order', async () => {
    const [registry, watcher] = [await open(), await open()];
    const service = serviceName();
    const seen: string[][] = [];
    const watch = watcher.watch(service, (instances) => seen.push(idsOf(instances)));
    await watch.ready;
    const [a, b] = ['a', 'b'].map((name) => anInstance({ service, id: `${service}-${name}` }));
    if (!a || !b) throw new Error('two instances');
    const sees = (...instances: Instance[]) =>
      until('it sees the change', () => seen.at(-1)?.join() === idsOf(instances).join());
    const leaseA = await register(registry, a);
    await sees(a);
    const leaseB = await register(registry, b);
    await sees(a, b);
    await leaseA.release();
    await sees(b);
    await leaseB.release();
    await sees();
    expect(seen).toEqual([[], [a.id], [a.id, b.id], [b.id], []]);
    expect(watch.current).toEqual([]);
  });

  const pushed = cannot.includes('push') ? can('push') : can('network');
  pushed('is told of changes without polling', async () => {
    const [registry, proxy] = [await open(), await proxied()];
    const watcher = await open(proxy.address);
    const service = serviceName();
    const startedAtMs = performance.now();
    const watch = watcher.watch(service, () => {});
    await watch.ready;
    const rounds = 4;
    for (let round = 0; round < rounds; round++) {
      const lease = await register(registry, anInstance({ service }));
      await until('it came', () => watch.current.length === 1);
      await lease.release();
      await until('it went', () => watch.current.length === 0);
    }
    const seconds = (performance.now() - startedAtMs) / 1_000;
    expect(proxy.requests).toBeLessThan(3 * (2 * rounds + 1) + 2 * seconds);
  });

  it('never goes back while instances come one after another', async () => {
    const [registry, watcher] = [await open(), await open()];
    const service = serviceName();
    const seen: number[] = [];
    const watch = watcher.watch(service, (instances) => seen.push(instances.length));
    await watch.ready;
    const instances = Array.from({ length: 8 }, (_, at) => anInstance({ service, id: `${service}-${at}` }));
    for (const instance of instances) await register(registry, instance);
    await until('it sees all', () => seen.at(-1) === instances.length);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(watch.current).toEqual(instances);
  });

  it('sees the names of services come and go', async () => {
    const registry = await open();
    let names: readonly string[] = [];
    const watch = registry.watchServices((services) => {
      names = services;
    });
    await watch.ready;
    const instance = anInstance({});
    const lease = await register(registry, instance);
    await until('it came', () => names.includes(instance.service));
    await lease.release();
    await until('it went', () => !names.includes(instance.service));
  });

  it('tells nothing more after its watch is closed', async () => {
    const registry = await open();
    const service = serviceName();
    const [closed, going]: string[][][] = [[], []];
    const first = registry.watch(service, (instances) => closed?.push(idsOf(instances)));
    const second = registry.watch(service, (instances) => going?.push(idsOf(instances)));
    await Promise.all([first.ready, second.ready]);
    first.close();
    await register(registry, anInstance({ service }));
    await until('the other watch sees it', () => going?.at(-1)?.length === 1);
    expect(closed).toEqual([[]]);
  });
}
