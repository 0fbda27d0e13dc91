import { currentRequest, type Principal, RookeryError } from '@rookery/observability';
import { implies } from '@rookery/security';

/** What an account or a client may do. */
export interface Grants {
  roles: readonly string[];
  permissions: readonly string[];
}

const EVERYTHING = '*';

/**
 * What of these grants somebody does not have: nobody hands out, or takes over by a new password, more than their own.
 * Who may do everything may also give every role.
 */
export function beyond({ roles, permissions }: Principal, grants: Grants): string[] {
  const may = (permission: string) => permissions.some((granted) => implies(granted, permission));
  return [
    ...grants.permissions.filter((permission) => !may(permission)),
    ...grants.roles.filter((role) => !roles.includes(role) && !may(EVERYTHING)),
  ];
}

/** Fails with `GRANT_BEYOND_OWN` (403) where who calls has not all of these grants. */
export function assertMayGrant(grants: Grants): void {
  const { principal } = currentRequest();
  const missing = beyond(principal ?? { subject: '', roles: [], permissions: [] }, grants);
  if (missing.length === 0) return;
  throw new RookeryError('GRANT_BEYOND_OWN', `You do not have ${missing.join(', ')} yourself, so you cannot give it.`, {
    status: 403,
    details: { missing },
  });
}
