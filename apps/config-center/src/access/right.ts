import { implies } from '@rookery/security';
import type { Domain } from './domain.ts';

/**
 * What somebody may do in an environment, or in a namespace of it. Reading is what services do; editing prepares (schemas, dry runs) and changes nothing
 * that is in force; releasing puts in force, and decrypting shows
 * encrypted values. None of them is part of another.
 */
export const RIGHTS = ['read', 'edit', 'release', 'decrypt'] as const;

export type Right = (typeof RIGHTS)[number];

/** Besides those, what an access token of the centre never has: to issue and revoke access tokens. */
export type RequiredRight = Right | 'token';

/** All that a part can be called in a permission: Shiro's parts know no upper case, and `:` divides them. */
const PLAIN = /^[a-z0-9_.-]+$/;

/**
 * Whether permissions of an access token of the platform cover a right: `config:read:prod` in a whole environment,
 * `config:read,edit:*:orders` for one namespace in every environment, `config` everything. A name that cannot stand in a
 * permission without being taken for another one (`Orders` for `orders`, `orders:eu` for what is below `orders`) is covered by
 * grants for all names only.
 */
export function covers(
  permissions: readonly string[],
  right: RequiredRight,
  { environment, namespace }: Domain,
): boolean {
  const names = namespace === undefined ? [environment] : [environment, namespace];
  const unclear = names.findIndex((name) => !PLAIN.test(name));
  // What comes after an unclear part would be taken for it.
  const wanted = ['config', right, ...(unclear < 0 ? names : names.slice(0, unclear))].join(':');
  return permissions.some((granted) => implies(granted, wanted));
}
