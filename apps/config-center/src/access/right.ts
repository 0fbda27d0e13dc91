import { implies } from '@rookery/security';

/**
 * What somebody may do in a namespace. Reading is what services do; editing prepares (schemas, dry runs) and changes nothing
 * that is in force; releasing puts in force, and decrypting shows
 * encrypted values. None of them is part of another.
 */
export const RIGHTS = ['read', 'edit', 'release', 'decrypt'] as const;

export type Right = (typeof RIGHTS)[number];

/** Besides those, what an access token of the centre never has: to issue and revoke access tokens. */
export type Required = Right | 'token';

/** All that a namespace can be called in a permission: Shiro's parts know no upper case, and `:` divides them. */
const PLAIN = /^[a-z0-9_.-]+$/;

/**
 * Whether permissions of an access token of the platform, such as `config:read:orders`, `config:read,edit:*` or `config`,
 * cover a right. A namespace whose name cannot stand in a permission without being taken for another one (`Orders` for
 * `orders`, `orders:eu` for what is below `orders`) is covered by grants for all namespaces only.
 */
export function covers(permissions: readonly string[], right: Required, namespace: string): boolean {
  const wanted = PLAIN.test(namespace) ? `config:${right}:${namespace}` : `config:${right}`;
  return permissions.some((granted) => implies(granted, wanted));
}
