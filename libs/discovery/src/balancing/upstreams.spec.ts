import { describe, expect, it } from 'vitest';
import type { Instance, InstancesListener, Registry } from '../discovery.ts';
import { Upstreams } from './upstreams.ts';

/** What a driver's watch does, pushed by hand. */
class PushedRegistry implements Pick<Registry, 'watch'> {
  readonly watches = new Map<string, { current: readonly Instance[]; listener: InstancesListener; closed: boolean }>();

  watch(service: string, listener: InstancesListener) {
    const watch = {
      current: [] as readonly Instance[],
      listener,
      closed: false,
      ready: Promise.resolve(),
      close: () => {},
    };
    watch.close = () => {
      watch.closed = true;
    };
    this.watches.set(service, watch);
    return watch;
  }

  push(service: string, ...ids: string[]): Instance[] {
    const instances = ids.map((id) => ({ id, service, address: '127.0.0.1', port: 1, weight: 1, metadata: {} }));
    const watch = this.watches.get(service);
    if (watch) watch.current = instances;
    watch?.listener(instances);
    return instances;
  }
}

describe('upstreams', () => {
  it('watch each service once', () => {
    const registry = new PushedRegistry();
    const upstreams = new Upstreams(registry);
    expect(upstreams.of('orders')).toBe(upstreams.of('orders'));
    expect(registry.watches.size).toBe(1);
  });

  it('choose among the instances that are there now, and keep what is known of those that stay', () => {
    const registry = new PushedRegistry();
    const orders = new Upstreams(registry, { now: () => 5_000 }).of('orders');
    expect(orders.pick()).toBeUndefined();
    const [a, b] = registry.push('orders', 'a', 'b') as [Instance, Instance];
    orders.begin(a);
    orders.end(a, 3, false);
    registry.push('orders', 'a', 'b', 'c');
    const picked = new Set(Array.from({ length: 50 }, () => orders.pick()?.id));
    expect(picked).toEqual(new Set(['b', 'c']));
    expect(orders.pick(new Set(['b', 'c']))?.id).toBe('a');
    registry.push('orders', 'b');
    expect(orders.pick()).toEqual(b);
    orders.end(a, 3, true);
  });

  it('forget what they knew of an instance that moved to another port', () => {
    const registry = new PushedRegistry();
    const orders = new Upstreams(registry, { now: () => 5_000 }).of('orders');
    const [a] = registry.push('orders', 'a', 'b') as [Instance];
    orders.end(a, 3, false);
    const watch = registry.watches.get('orders');
    watch?.listener(watch.current.map((instance) => ({ ...instance, port: 2 })));
    expect(new Set(Array.from({ length: 50 }, () => orders.pick()?.id))).toEqual(new Set(['a', 'b']));
  });

  it('are bounded: a service without instances gives way, one with instances never', () => {
    const registry = new PushedRegistry();
    const upstreams = new Upstreams(registry, { maxServices: 2 });
    upstreams.of('orders');
    registry.push('orders', 'a');
    upstreams.of('unknown');
    upstreams.of('catalog');
    registry.push('catalog', 'b');
    expect(registry.watches.get('unknown')?.closed).toBe(true);
    expect(() => upstreams.of('more')).toThrow(expect.objectContaining({ code: 'DISCOVERY_TOO_MANY_SERVICES' }));
    upstreams.close();
    expect([...registry.watches.values()].every(({ closed }) => closed)).toBe(true);
  });
});
