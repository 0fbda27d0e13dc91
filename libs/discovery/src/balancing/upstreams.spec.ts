import { describe, expect, it } from 'vitest';
import type { Instance, InstancesListener, Registry } from '../discovery.ts';
import { ALGORITHM_NAMES } from './algorithms.ts';
import { parseBalance } from './balance.ts';
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

  it('under other rules share the watch, and learn from the calls of each other', () => {
    const registry = new PushedRegistry();
    const upstreams = new Upstreams(registry, { now: () => 5_000 });
    const [a, b] = registry.push('orders', 'a', 'b') as [Instance, Instance];
    const own = upstreams.of('orders');
    registry.push('orders', 'a', 'b');
    own.begin(a);
    const least = upstreams.of('orders', parseBalance('least-request'));
    expect(registry.watches.size).toBe(1);
    expect(upstreams.of('orders', parseBalance('least-request'))).toBe(least);
    expect(Array.from({ length: 20 }, () => least.pick())).toEqual(Array(20).fill(b));
    least.end(a, 3, false);
    expect(Array.from({ length: 20 }, () => own.pick())).toEqual(Array(20).fill(b));
    expect(own.loads.map(({ running }) => running)).toEqual([0, 0]);
  });

  it('do not grow without bound when rules change over and over', () => {
    const registry = new PushedRegistry();
    const upstreams = new Upstreams(registry);
    const first = upstreams.of('orders', parseBalance({ subset: 1 }));
    registry.push('orders', 'a');
    for (let subset = 2; subset <= 40; subset++) upstreams.of('orders', parseBalance({ subset }));
    expect(upstreams.of('orders', parseBalance({ subset: 1 }))).not.toBe(first);
    expect(upstreams.of('orders', parseBalance({ subset: 1 })).pick()?.id).toBe('a');
  });

  it('follow the rules of a service when these change, and keep what they know', () => {
    const registry = new PushedRegistry();
    const upstreams = new Upstreams(registry, { now: () => 5_000 });
    const orders = upstreams.of('orders');
    const [a] = registry.push('orders', 'a', 'b', 'c') as [Instance];
    orders.end(a, 1, false);
    upstreams.useBalances({ orders: parseBalance('round-robin') });
    expect(orders.balance.algorithm).toBe('round-robin');
    const [first, second] = [orders.pick()?.id, orders.pick()?.id];
    expect(new Set([first, second])).toEqual(new Set(['b', 'c']));
    upstreams.useBalances({});
    expect(orders.balance.algorithm).toBe('p2c');
  });

  it('let one that joins others begin slowly, and those that were there first not', () => {
    const registry = new PushedRegistry();
    const slowStart = parseBalance({ algorithm: 'random', slowStart: { windowMs: 1_000, fromShare: 0.01 } });
    let nowMs = 5_000;
    const orders = new Upstreams(registry, { now: () => nowMs, balance: { orders: slowStart } }).of('orders');
    registry.push('orders', 'a', 'b');
    registry.push('orders', 'a', 'b', 'c');
    const shareOfC = () => Array.from({ length: 1_000 }, () => orders.pick()).filter((one) => one?.id === 'c').length;
    expect(shareOfC()).toBeLessThan(50);
    nowMs += 1_000;
    expect(shareOfC()).toBeGreaterThan(200);
  });

  it.each(ALGORITHM_NAMES)('under %s are not led astray by a latency or a weight that is no number', (algorithm) => {
    const registry = new PushedRegistry();
    const orders = new Upstreams(registry).of('orders', parseBalance(algorithm));
    const given = registry.push('orders', 'a', 'b', 'c', 'd');
    const weights = [1, Number.NaN, Number.POSITIVE_INFINITY, 1e300];
    registry.watches.get('orders')?.listener(given.map((each, at) => ({ ...each, weight: weights[at] ?? 1 })));
    const taken = Array.from({ length: 300 }, (_, at) => {
      const instance = orders.pick(undefined, `key-${at}`);
      if (instance) {
        orders.begin(instance);
        orders.end(instance, [Number.NaN, Number.POSITIVE_INFINITY, -5, 3][at % 4] ?? 0, true);
      }
      return instance?.id;
    });
    expect(taken).not.toContain(undefined);
    // The two that weigh the same get about the same, whatever is said of the others.
    if (algorithm === 'round-robin' || algorithm === 'p2c') return;
    const [c = 0, d = 0] = ['c', 'd'].map((id) => taken.filter((one) => one === id).length);
    expect(Math.abs(c - d)).toBeLessThan(120);
  });

  it('forget a latency that is no number, and prefer the faster one again', () => {
    const registry = new PushedRegistry();
    const orders = new Upstreams(registry, { now: () => 5_000 }).of('orders');
    const [slow, fast] = registry.push('orders', 'slow', 'fast') as [Instance, Instance];
    for (const latencyMs of [Number.NaN, Number.POSITIVE_INFINITY]) orders.end(slow, latencyMs, true);
    for (let call = 0; call < 20; call++) {
      orders.end(slow, 200, true);
      orders.end(fast, 5, true);
    }
    expect(new Set(Array.from({ length: 50 }, () => orders.pick()?.id))).toEqual(new Set(['fast']));
  });

  it('lead calls with one key to one instance', () => {
    const registry = new PushedRegistry();
    const orders = new Upstreams(registry).of('orders', parseBalance('ring-hash'));
    registry.push('orders', 'a', 'b', 'c', 'd');
    const byKey = (key: string) => new Set(Array.from({ length: 20 }, () => orders.pick(undefined, key)?.id));
    const taken = Array.from({ length: 20 }, (_, at) => byKey(`user-${at}`));
    expect(taken.every(({ size }) => size === 1)).toBe(true);
    expect(new Set(taken.flatMap((ids) => [...ids])).size).toBe(4);
  });
});
