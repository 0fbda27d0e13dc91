import type { Instance } from '@rookery/discovery';
import { expect, it } from 'vitest';
import { isMirrored, labelOf, mirrorOf } from './mirrored.ts';
import { isMeant } from './name-patterns.ts';

const instance: Instance = {
  id: 'host:orders/1',
  service: 'orders',
  address: '10.0.0.1',
  port: 80,
  weight: 1,
  metadata: { b: '1', a: '2' },
};

it.each([
  ['consul://10.0.0.5:8500?token=secret', 'consul://10.0.0.5:8500'],
  ['eureka+http://owl:secret@a:8761,b:8761/eureka/?every=1s', 'eureka+http://a:8761,b:8761/eureka'],
  ['etcd://owl:se@cret@a:2379/shop/', 'etcd://a:2379/shop'],
  // Two parts of one server are two registries: neither takes over what is mirrored from the other.
  ['consul://a:8500?dc=east&token=secret&wait=1s', 'consul://a:8500?dc=east'],
  ['nacos://owl:secret@a/id?wait=1s&group=SHOP', 'nacos://a/id?group=SHOP'],
  ['kubernetes://a:6443?token-file=/secret&selector=x%3Dy&namespace=n', 'kubernetes://a:6443?namespace=n&selector=x=y'],
  ['static:orders=secret:80', 'static://'],
])('%s is shown as %s', (url, label) => expect(labelOf(url)).toBe(label));

it('a mirrored instance says where it comes from and keeps the rest', () => {
  const mirror = mirrorOf(instance, 'a://x');
  expect(mirror).toEqual({ ...instance, id: mirror.id, metadata: { b: '1', a: '2', 'mirrored-from': 'a://x' } });
  expect(mirror.id).toMatch(/^host:orders-1\.[0-9a-f]{12}$/);
  expect(isMirrored(mirror)).toBe(true);
});

it('its id is the same whoever mirrors it, and another when it changes', () => {
  const { id } = mirrorOf(instance, 'a://x');
  expect(mirrorOf({ ...instance, metadata: { a: '2', b: '1' } }, 'a://x').id).toBe(id);
  for (const changed of [{ weight: 2 }, { zone: 'z' }, { grpcPort: 81 }, { metadata: { a: '3' } }, { port: 81 }])
    expect(mirrorOf({ ...instance, ...changed }, 'a://x').id).not.toBe(id);
  expect(mirrorOf(instance, 'b://x').id).not.toBe(id);
});

it.each([
  ['orders', { only: ['orders'] }, true],
  ['orders-2', { only: ['orders'] }, false],
  ['shop-orders-v2', { only: ['shop-*-v*'] }, true],
  ['shop-orders', { only: ['shop-*-v*'] }, false],
  ['aa', { only: ['a*aa'] }, false],
  ['anything', { only: ['*'], except: ['any*'] }, false],
  ['orders', {}, true],
  ['orders', { except: ['orders'] }, false],
])('%s by %j: %s', (name, patterns, expected) => expect(isMeant(name, patterns)).toBe(expected));
