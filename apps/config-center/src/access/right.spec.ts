import { describe, expect, it } from 'vitest';
import { covers } from './right.ts';

describe('a permission', () => {
  it.each([
    ['config:read:orders', 'read', 'orders', true],
    ['config:read,edit:orders', 'edit', 'orders', true],
    ['config:*:orders', 'release', 'orders', true],
    ['config:read', 'read', 'orders', true],
    ['config', 'release', 'orders', true],
    ['*', 'token', 'orders', true],
    ['config:read:orders', 'edit', 'orders', false],
    ['config:read:orders', 'release', 'orders', false],
    ['config:edit:orders', 'release', 'orders', false],
    ['config:edit:orders', 'read', 'orders', false],
    ['config:read:orders', 'read', 'stock', false],
    ['config:read,edit,release:orders', 'token', 'orders', false],
    ['order:read:orders', 'read', 'orders', false],
  ] as const)('%s covers %s in %s: %s', (granted, right, namespace, expected) => {
    expect(covers([granted], right, { environment: namespace })).toBe(expected);
  });

  it.each([
    ['config:read:orders', 'Orders'],
    ['config:read:orders', 'orders:eu'],
    ['config:read:orders', 'orders+eu'],
    ['config:read:orders', 'orders,stock'],
    ['config:read:orders', '*'],
    ['config:read:orders', ''],
  ])('%s does not cover the namespace %j, which it could be taken for', (granted, namespace) => {
    expect(covers([granted], 'read', { environment: namespace })).toBe(false);
    expect(covers(['config:read:*'], 'read', { environment: namespace })).toBe(true);
  });

  it.each([
    ['config:read:prod:orders', 'orders', true],
    ['config:read:prod', 'orders', true],
    ['config:read:*:orders', 'orders', true],
    ['config:read:prod:orders,mail', 'mail', true],
    ['config:read:prod:orders', 'stock', false],
    ['config:read:test:orders', 'orders', false],
    ['config:read:prod:orders', undefined, false],
    ['config:read:prod:orders', 'Orders', false],
    ['config:read:prod:orders', 'orders:eu', false],
    ['config:read:*:orders', 'orders:eu', false],
    ['config:read:prod', 'Orders', true],
    ['config:read:prod:*', 'orders:eu', true],
  ] as const)('%s covers the namespace %s of prod: %s', (granted, namespace, expected) => {
    const domain = { environment: 'prod', ...(namespace !== undefined && { namespace }) };
    expect(covers([granted], 'read', domain)).toBe(expected);
  });
});
