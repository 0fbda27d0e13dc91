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
    expect(covers([granted], right, namespace)).toBe(expected);
  });

  it.each([
    ['config:read:orders', 'Orders'],
    ['config:read:orders', 'orders:eu'],
    ['config:read:orders', 'orders+eu'],
    ['config:read:orders', 'orders,stock'],
    ['config:read:orders', '*'],
    ['config:read:orders', ''],
  ])('%s does not cover the namespace %j, which it could be taken for', (granted, namespace) => {
    expect(covers([granted], 'read', namespace)).toBe(false);
    expect(covers(['config:read:*'], 'read', namespace)).toBe(true);
  });
});
