import { RookeryError } from '@rookery/observability';

/** Every error of the centre, in one list. */
export const errors = {
  conflict: (expectedVersion: number, currentVersion: number) =>
    new RookeryError(
      'CONFIG_CONFLICT',
      `You changed version ${expectedVersion}, but version ${currentVersion} is current: read it, lay your change over it and publish again.`,
      { status: 409, details: { expectedVersion, currentVersion } },
    ),
  versionUnknown: (version: number, currentVersion: number) =>
    new RookeryError(
      'CONFIG_VERSION_UNKNOWN',
      `There is no version ${version}; the current one is ${currentVersion}.`,
      { status: 404, details: { version, currentVersion } },
    ),
  tooLarge: (sizeBytes: number, limitBytes: number) =>
    new RookeryError(
      'CONFIG_TOO_LARGE',
      `The settings take ${sizeBytes} bytes as JSON; at most ${limitBytes} are taken. Move large data into storage and keep its address here.`,
      { status: 413, details: { sizeBytes, limitBytes } },
    ),
  notSettings: (path: string, expected: string, received: string) =>
    new RookeryError(
      'CONFIG_NOT_SETTINGS',
      `Settings are wrong at ${path}: expected ${expected}, received ${received}.`,
      {
        status: 400,
        details: { path, expected, received },
      },
    ),
  yaml: (message: string) => new RookeryError('CONFIG_YAML_INVALID', message, { status: 400 }),
  matchInvalid: () =>
    new RookeryError('CONFIG_IF_MATCH_INVALID', 'If-Match must be the ETag of a version, "7" in its quotes.', {
      status: 400,
    }),
  tooManyWatchers: (limit: number) =>
    new RookeryError('CONFIG_TOO_MANY_WATCHERS', `This replica already serves ${limit} watchers. Try another one.`, {
      status: 503,
      retryAfterMs: 2_000,
    }),
};
