import type { ConnectionErrors } from '@rookery/connections';
import { RookeryError } from '@rookery/observability';

const cause = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every error of this library, in one list. */
export const errors = {
  unknownScheme: (url: string) =>
    new RookeryError(
      'CONFIG_URL_UNKNOWN',
      `CONFIG_URL has the scheme "${url.split(':', 1)[0]}", which no driver serves: use http://host:port of a configuration centre, file:path, consul://, etcd://, nacos://, apollo+http://, spring+http:// or kubernetes://.`,
    ),
  unreachable: (name: string, error: unknown) =>
    new RookeryError(
      'CONFIG_UNREACHABLE',
      `Settings from ${name} cannot be read (${cause(error)}). Make it readable, or point CONFIG_URL elsewhere.`,
      { status: 503, retryAfterMs: 1_000, cause: error },
    ),
  unreadable: (name: string, error: unknown) =>
    new RookeryError('CONFIG_UNREADABLE', `Settings from ${name} do not parse: ${cause(error)}`, { cause: error }),
  badKeyRing: (where: string, line: number) =>
    new RookeryError(
      'CONFIG_KEYS_INVALID',
      `${where}: entry ${line} is not <id>=<32 random bytes in base64>, each id once; make a key with: openssl rand -base64 32.`,
    ),
  keyUnknown: (id: string) =>
    new RookeryError(
      'CONFIG_KEY_UNKNOWN',
      `The key ring has not the key "${id}": add it to CONFIG_KEYS or CONFIG_KEYS_FILE, after the current one.`,
      { status: 422, details: { id } },
    ),
  sealBroken: (reason: string) =>
    new RookeryError('CONFIG_SEAL_BROKEN', `An encrypted value is refused: ${reason}.`, { status: 422 }),
  sealed: (paths: readonly string[]) =>
    new RookeryError(
      'CONFIG_SEALED',
      `Encrypted settings cannot be read here: ${paths.join(', ')}. Give the service the key ring (CONFIG_KEYS, CONFIG_KEYS_FILE), or a token with the right config:decrypt (CONFIG_TOKEN).`,
      { details: { paths } },
    ),
  invalid: (reason: string, where: string) =>
    new RookeryError('CONFIG_INVALID', `Settings of ${where} are wrong: ${reason}.`, { details: { reason } }),
};

/** What a connection of @rookery/connections says, in the words of this library. */
export const connectionErrors: ConnectionErrors = {
  badUrl: (url, reason) =>
    new RookeryError('CONFIG_BAD_URL', `CONFIG_URL is "${url}", which cannot be used: ${reason}.`),
  missingClient: (packageName, cause) =>
    new RookeryError(
      'CONFIG_CLIENT_MISSING',
      `CONFIG_URL needs the npm package ${packageName}, which is not installed: npm install ${packageName}.`,
      { cause },
    ),
  unreachable: (server, reason, because) =>
    new RookeryError('CONFIG_UNREACHABLE', `The settings at ${server} (CONFIG_URL) cannot be read: ${reason}.`, {
      status: 503,
      retryAfterMs: 1_000,
      cause: because,
    }),
  refused: (server, what, reason, because) =>
    new RookeryError('CONFIG_REFUSED', `The server at ${server} (CONFIG_URL) refused to ${what}: ${reason}.`, {
      cause: because,
    }),
  closed: () => new RookeryError('CONFIG_CLOSED', 'This source of settings is closed.', { status: 503 }),
};
