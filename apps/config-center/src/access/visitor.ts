import type { VerifiedToken } from '@rookery/security';
import { covers, type Required } from './right.ts';

/** Who asks, and what they may do. */
export interface Visitor {
  readonly verified: VerifiedToken;
  may(right: Required, namespace: string): boolean;
}

/** Somebody with an access token of the platform: their permissions decide. */
export const visitorOf = (verified: VerifiedToken): Visitor => ({
  verified,
  may: (right, namespace) => covers(verified.principal.permissions, right, namespace),
});

interface Grants {
  subject: string;
  rights: readonly Required[];
  /** All of them when undefined. Told apart to the letter, unlike in a permission. */
  namespace?: string;
  tokenId?: string;
  issuedAtMs?: number;
  expiresAtMs?: number;
}

/** Somebody with a proof that only the centre knows. */
export function visitorWith({ subject, rights, namespace, tokenId, issuedAtMs = 0, expiresAtMs }: Grants): Visitor {
  const permissions = rights.map((right) => `config:${right}:${namespace ?? '*'}`);
  return {
    verified: {
      principal: { subject, roles: [], permissions },
      clientId: undefined,
      tokenId,
      issuedAtMs,
      expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    },
    may: (right, where) => rights.includes(right) && (namespace === undefined || namespace === where),
  };
}
