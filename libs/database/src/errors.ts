import { RookeryError } from '@rookery/observability';

/** SQLSTATE classes and codes of a server that is away, starting, stopping, out of connections, or not yet set up. */
const TRANSIENT_SQLSTATE = /^(08...|57P0[1-5]|53300|3D000)$/;
const TRANSIENT_SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** What `pg` and `pg-pool` say, without a code, of a connection that ended or never came. */
const TRANSIENT_MESSAGE =
  /Connection terminated|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|not queryable|Query read timeout/;

/** How long a caller should wait before it asks a database again that was away. */
const RETRY_AFTER_MS = 1_000;

/** True for a failure that says nothing about the statement: the same one may succeed once the server is back. */
export function isTransient(error: unknown): boolean {
  if (error instanceof RookeryError) return error.code === 'DATABASE_UNREACHABLE';
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isTransient);
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  if (code !== undefined && (TRANSIENT_SQLSTATE.test(code) || TRANSIENT_SYSTEM.has(code))) return true;
  return TRANSIENT_MESSAGE.test(error.message);
}

/** query_canceled: statement_timeout ended the statement. */
const CANCELED_SQLSTATE = '57014';

/** Turns a transient failure into `DATABASE_UNREACHABLE`, a statement's deadline into `DATABASE_TIMEOUT`. */
export function translate(error: unknown): unknown {
  if (error instanceof RookeryError) return error;
  if (error instanceof Error && 'code' in error && error.code === CANCELED_SQLSTATE) {
    return new RookeryError('DATABASE_TIMEOUT', 'The database took longer than the deadline of one statement.', {
      status: 504,
      cause: error,
    });
  }
  if (!isTransient(error)) return error;
  return new RookeryError('DATABASE_UNREACHABLE', 'The database does not answer. Try again shortly.', {
    status: 503,
    retryAfterMs: RETRY_AFTER_MS,
    cause: error,
  });
}

/** One line that says why, without the address's secrets: system errors of several addresses are joined. */
export function reasonOf(error: unknown): string {
  if (error instanceof RookeryError && error.cause !== undefined) return reasonOf(error.cause);
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  return error instanceof Error ? error.message : String(error);
}
