import { expect, it } from 'vitest';
import { network, rateKey } from './rate-key.ts';

const call = (more: Record<string, unknown> = {}) =>
  ({
    principal: { subject: 'ada', clientId: 'till', roles: [], permissions: [] },
    clientAddress: '10.1.2.3',
    params: { shop: 'paris' },
    header: (name: string) => (name === 'x-tenant' ? 'blue' : undefined),
    notes: new Map([['api-key.id', 'gold']]),
    route: { id: 'orders' },
    ...more,
  }) as never;

it.each([
  ['principal', 'principal=ada'],
  ['client', 'client=till'],
  ['ip', 'ip=10.1.2.3'],
  ['route', 'route=orders'],
  ['api-key', 'key=gold'],
  ['header:x-tenant', 'x-tenant=blue'],
  ['param:shop', '{shop}=paris'],
  [['param:shop', 'ip'], '{shop}=paris|ip=10.1.2.3'],
])('a request is counted by %s', (key, counted) => {
  expect(rateKey(key)(call())).toBe(counted);
});

it('what a request lacks is its address, which no value can pass itself off as', () => {
  expect(rateKey('principal')(call({ principal: undefined }))).toBe('ip=10.1.2.3');
  expect(rateKey('header:x-none')(call())).toBe('ip=10.1.2.3');
  expect(rateKey('principal')(call({ principal: { subject: 'ip=10.9.9.9' } }))).toBe('principal=ip=10.9.9.9');
});

it('a long value is told by its hash', () => {
  const key = rateKey('header:x-long')(call({ header: () => 'x'.repeat(16_000) }));
  expect(key).toHaveLength('x-long='.length + 43);
});

it.each([
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s belongs to %s', (address, whole) => {
  expect(network(address)).toBe(whole);
});
