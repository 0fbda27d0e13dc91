import { RookeryError } from '@rookery/observability';

/** Every error of this library. None says more of a token than that it is refused, and why in one word. */
export const securityErrors = {
  tokenMissing: () =>
    new RookeryError('TOKEN_MISSING', 'This needs an access token: send it as "Authorization: Bearer <token>".', {
      status: 401,
    }),

  principalMissing: () =>
    new RookeryError(
      'PRINCIPAL_MISSING',
      'This message was published for nobody, and its handler needs to know whom: publish it in a request with a token, ' +
        'or declare the handler @FromBus().',
      { status: 401 },
    ),

  tokenRefused: (reason: string) =>
    new RookeryError('TOKEN_REFUSED', `The access token is refused: ${reason}. Get a new one.`, { status: 401 }),

  permissionMissing: (missing: readonly string[]) =>
    new RookeryError(
      'PERMISSION_MISSING',
      `This needs ${missing.join(' and ')}, which the caller has not been granted.`,
      {
        status: 403,
        details: { missing },
      },
    ),

  undeclared: (handlers: readonly string[]) =>
    new RookeryError(
      'SECURITY_UNDECLARED',
      `These handlers say nothing of who may call them: ${handlers.join(', ')}. Give each one of @Public(), ` +
        '@Authenticated(), @RequiresPermissions(), @RequiresRoles() or, for messages that may come for nobody, @FromBus().',
      { details: { handlers } },
    ),

  notCallable: () => new RookeryError('ACCESS_UNDECLARED', 'Nobody may call this.', { status: 403 }),

  keysUnavailable: (reason: string, cause?: unknown) =>
    new RookeryError('KEYS_UNAVAILABLE', `Access tokens cannot be checked now: ${reason}.`, {
      status: 503,
      retryAfterMs: 2_000,
      cause,
    }),

  wrongSetting: (variable: string, expected: string) =>
    new RookeryError(
      'SECURITY_SETTINGS_WRONG',
      `${variable}: expected ${expected}. Correct the environment and start again.`,
    ),
};
