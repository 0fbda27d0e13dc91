import type { ConnectionErrors } from '@rookery/connections';
import { RookeryError } from '@rookery/observability';

const SCHEMES =
  'postgres://host/database, zookeeper://host:2181, etcd://host:2379, consul://host:8500 (also http://, https://) and redis://host:6379';

/** Every error of this library: code, sentence, status. */
export const errors = {
  unset: () =>
    new RookeryError(
      'COORDINATION_UNSET',
      `Neither COORDINATION_URL nor DATABASE_URL is set; the first may be ${SCHEMES}.`,
    ),
  unknownScheme: (scheme: string) =>
    new RookeryError(
      'COORDINATION_UNKNOWN_SCHEME',
      `COORDINATION_URL has the scheme ${JSON.stringify(scheme)}, which no driver serves; known are ${SCHEMES}.`,
    ),
  badUrl: (url: string, reason: string) =>
    new RookeryError('COORDINATION_BAD_URL', `COORDINATION_URL is ${quote(url)}, which cannot be used: ${reason}.`),
  missingClient: (packageName: string, cause: unknown) =>
    new RookeryError(
      'COORDINATION_CLIENT_MISSING',
      `COORDINATION_URL needs the npm package ${packageName}, which is not installed: npm install ${packageName}.`,
      { cause },
    ),
  unreachable: (server: string, reason: string, cause?: unknown) =>
    new RookeryError(
      'COORDINATION_UNREACHABLE',
      `The coordination engine at ${server} (COORDINATION_URL) does not answer: ${reason}.`,
      { status: 503, retryAfterMs: 1_000, cause },
    ),
  refused: (server: string, what: string, reason: string, cause?: unknown) =>
    new RookeryError(
      'COORDINATION_REFUSED',
      `The coordination engine at ${server} (COORDINATION_URL) refused to ${what}: ${reason}.`,
      { cause },
    ),
  closed: () => new RookeryError('COORDINATION_CLOSED', 'This coordination client is closed.', { status: 503 }),
  timeout: (what: string, waitMs: number, cause?: unknown) =>
    new RookeryError('COORDINATION_TIMEOUT', `Waited ${waitMs} ms for ${what} in vain.`, {
      status: 503,
      retryAfterMs: 1_000,
      cause,
    }),
  lost: (name: string, why: string) =>
    new RookeryError('COORDINATION_LOST', `The lock ${name} was lost: ${why}.`, { status: 503 }),
  released: (name: string) => new RookeryError('COORDINATION_RELEASED', `The lock ${name} was given back.`),
  badName: (name: string) =>
    new RookeryError(
      'COORDINATION_BAD_NAME',
      `${quote(name)} is no name of a lock or counter: 1 to 200 characters, no "." or empty part between slashes.`,
      { status: 400 },
    ),
  badLease: (leaseMs: number) =>
    new RookeryError('COORDINATION_BAD_LEASE', `A lease is 1000 to 3600000 ms long, not ${leaseMs}.`, { status: 400 }),
  badParties: (name: string, parties: number) =>
    new RookeryError('COORDINATION_BAD_PARTIES', `The barrier ${name} has 1 to 1000 parties, not ${parties}.`, {
      status: 400,
    }),
  badNumber: (counter: string, value: string | number) =>
    new RookeryError(
      'COORDINATION_BAD_NUMBER',
      `The counter ${counter} would be ${value}; it holds whole numbers within ±(2^53 - 1).`,
      { status: 400 },
    ),
  tooMany: (most: number) =>
    new RookeryError(
      'COORDINATION_TOO_MANY_LOCKS',
      `This process holds or waits for ${most} locks already, which is its limit.`,
      { status: 503, retryAfterMs: 1_000 },
    ),
} satisfies ConnectionErrors & Record<string, unknown>;

const quote = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

const codeOf = (error: unknown): string | undefined => (error as { code?: string } | undefined)?.code;
export const isTimeout = (error: unknown): boolean => codeOf(error) === 'COORDINATION_TIMEOUT';
export const isUnreachable = (error: unknown): boolean => codeOf(error) === 'COORDINATION_UNREACHABLE';
export const isClosed = (error: unknown): boolean => codeOf(error) === 'COORDINATION_CLOSED';
