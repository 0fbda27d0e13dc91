import type { RookeryError } from '@rookery/observability';
import { implies, type VerifiedToken } from '@rookery/security';
import { authErrors } from './errors.ts';
import type { AuthSettings } from './settings.ts';

/** Which tokens are not taken any more. */
export class Revocations {
  readonly #tokenIds: ReadonlySet<string>;
  /** Tokens of a subject from before this time, in epoch ms. */
  readonly #subjects: ReadonlyMap<string, number>;

  constructor({ tokenIds, subjects }: AuthSettings['revoked']) {
    this.#tokenIds = new Set(tokenIds);
    this.#subjects = new Map(
      subjects.map((one) =>
        typeof one === 'string' ? [one, Number.POSITIVE_INFINITY] : [one.subject, Date.parse(one.issuedBefore)],
      ),
    );
  }

  covers({ tokenId, issuedAtMs, principal }: Pick<VerifiedToken, 'tokenId' | 'issuedAtMs' | 'principal'>): boolean {
    if (tokenId !== undefined && this.#tokenIds.has(tokenId)) return true;
    return issuedAtMs < (this.#subjects.get(principal.subject) ?? Number.NEGATIVE_INFINITY);
  }
}

/** Why a good token does not open this route; undefined when it does. */
export function refusalOf(
  token: VerifiedToken,
  { permissions, roles }: Pick<AuthSettings, 'permissions' | 'roles'>,
  revocations: Revocations,
): RookeryError | undefined {
  if (revocations.covers(token)) return authErrors.tokenRevoked();
  const { principal } = token;
  const missing = permissions.filter(
    (required) => !principal.permissions.some((granted) => implies(granted, required)),
  );
  if (missing.length > 0) return authErrors.permissionMissing(missing);
  if (roles.length > 0 && !roles.some((role) => principal.roles.includes(role))) return authErrors.roleMissing(roles);
  return undefined;
}

/** The WWW-Authenticate header of a refusal (RFC 6750, 3); undefined for what has none. */
export function challengeOf(code: string | undefined, permissions: readonly string[]): string | undefined {
  if (code === 'TOKEN_MISSING') return 'Bearer realm="rookery"';
  if (code === 'TOKEN_REFUSED') return 'Bearer realm="rookery", error="invalid_token"';
  if (code !== 'PERMISSION_MISSING') return undefined;
  const scope = permissions.length > 0 ? `, scope="${permissions.join(' ')}"` : '';
  return `Bearer realm="rookery", error="insufficient_scope"${scope}`;
}
