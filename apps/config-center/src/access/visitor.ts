import type { VerifiedToken } from '@rookery/security';
import type { Domain } from './domain.ts';
import { covers, type RequiredRight } from './right.ts';
import type { AccessToken } from './tokens/access-token.ts';

/** Who asks, and what they may do. */
export interface Visitor {
  readonly verified: VerifiedToken;
  may(right: RequiredRight, domain: Domain): boolean;
}

/** Somebody with an access token of the platform: their permissions decide. */
export const visitorOf = (verified: VerifiedToken): Visitor => ({
  verified,
  may: (right, domain) => covers(verified.principal.permissions, right, domain),
});

interface Grants {
  subject: string;
  rights: readonly RequiredRight[];
  /** All of them when undefined. Told apart to the letter, unlike in a permission. */
  environment?: string;
  /** All of the environment when undefined. */
  names?: readonly string[] | undefined;
  tokenId?: string;
  issuedAtMs?: number;
  expiresAtMs?: number;
}

/** Somebody with a proof that only the centre knows. */
export function visitorWith({
  subject,
  rights,
  environment,
  names,
  tokenId,
  issuedAtMs = 0,
  expiresAtMs,
}: Grants): Visitor {
  // For who reads the principal; what decides is below.
  const below = names ? `:${names.join(',')}` : '';
  const permissions = rights.map((right) => `config:${right}:${environment ?? '*'}${below}`);
  return {
    verified: {
      principal: { subject, roles: [], permissions },
      clientId: undefined,
      tokenId,
      issuedAtMs,
      expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    },
    may: (right, domain) =>
      rights.includes(right) &&
      (environment === undefined || environment === domain.environment) &&
      (names === undefined || (domain.namespace !== undefined && names.includes(domain.namespace))),
  };
}

/** Whoever holds an access token of the centre, in whatever way they proved it. */
export const holderOf = ({ id, namespace, services, name, roles, issuedAt, expiresAt }: AccessToken): Visitor =>
  visitorWith({
    subject: `token:${namespace}/${name}`,
    rights: roles,
    environment: namespace,
    names: services ?? undefined,
    tokenId: id,
    issuedAtMs: Date.parse(issuedAt),
    expiresAtMs: Date.parse(expiresAt),
  });
