import { RookeryError } from '@rookery/observability';

const cause = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every error of this library, in one list. */
export const errors = {
  unknownScheme: (url: string) =>
    new RookeryError(
      'CONFIG_URL_UNKNOWN',
      `CONFIG_URL has the scheme "${url.split(':', 1)[0]}", which no driver serves: use http://host:port of a configuration centre or file:path.`,
    ),
  unreachable: (name: string, error: unknown) =>
    new RookeryError(
      'CONFIG_UNREACHABLE',
      `Settings from ${name} cannot be read (${cause(error)}). Make it readable, or point CONFIG_URL elsewhere.`,
      { status: 503, retryAfterMs: 1_000, cause: error },
    ),
  unreadable: (name: string, error: unknown) =>
    new RookeryError('CONFIG_UNREADABLE', `Settings from ${name} do not parse: ${cause(error)}`, { cause: error }),
  invalid: (reason: string, where: string) =>
    new RookeryError('CONFIG_INVALID', `Settings of ${where} are wrong: ${reason}.`, { details: { reason } }),
};
