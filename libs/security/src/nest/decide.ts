import type { Principal } from '@rookery/observability';
import { implies } from '../permissions/wildcard.ts';
import type { Access } from './access.ts';

/** What the principal lacks for a handler: nothing is an empty list. */
export function missingFor(access: Pick<Access, 'permissions' | 'roles'>, principal: Principal): string[] {
  return [
    ...access.permissions
      .filter((required) => !principal.permissions.some((granted) => implies(granted, required)))
      .map((permission) => `the permission ${permission}`),
    ...access.roles.filter((role) => !principal.roles.includes(role)).map((role) => `the role ${role}`),
  ];
}
