import { RookeryError } from '@rookery/observability';

/** Refusals for want of a token, with the codes that the services use. */
export const authErrors = {
  tokenMissing: () =>
    new RookeryError('TOKEN_MISSING', 'This needs an access token: send it as "Authorization: Bearer <token>".', {
      status: 401,
    }),
  tokenRevoked: () =>
    new RookeryError('TOKEN_REFUSED', 'The access token is refused: it was revoked. Get a new one.', { status: 401 }),
  permissionMissing: (missing: readonly string[]) =>
    new RookeryError('PERMISSION_MISSING', `This needs ${missing.join(' and ')}, which the token does not grant.`, {
      status: 403,
      details: { missing },
    }),
  roleMissing: (roles: readonly string[]) =>
    new RookeryError(
      'PERMISSION_MISSING',
      `This needs the role ${roles.join(' or ')}, which the token does not name.`,
      {
        status: 403,
        details: { missingOneOf: roles },
      },
    ),
};
