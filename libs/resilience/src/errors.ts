import { RookeryError } from '@rookery/observability';

/** The call took longer than it was given. Status 504. */
export const callTimedOut = (name: string, limitMs: number): RookeryError =>
  new RookeryError('CALL_TIMEOUT', `${name} did not answer within ${Math.round(limitMs)} ms.`, { status: 504 });

/** The caller's deadline had passed before the call was made. Status 504. */
export const deadlineExceeded = (name: string): RookeryError =>
  new RookeryError('DEADLINE_EXCEEDED', `The time that the caller gave was over before ${name} was called.`, {
    status: 504,
  });

/** All slots and waiting places of a bulkhead are taken, or the wait for a slot was too long. Status 503. */
export const bulkheadFull = (name: string, retryAfterMs: number): RookeryError =>
  new RookeryError('BULKHEAD_FULL', `${name} is busy: all its slots and waiting places are taken.`, {
    status: 503,
    retryAfterMs,
  });

/** The breaker refuses calls because too many failed before. Status 503. */
export const circuitOpen = (name: string, retryAfterMs: number): RookeryError =>
  new RookeryError('CIRCUIT_OPEN', `${name} failed too often and is not called for now.`, {
    status: 503,
    retryAfterMs,
  });

/** The store of cluster-wide limits did not answer. Status 503. */
export const rateStoreAway = (cause: unknown): RookeryError =>
  new RookeryError('RATE_STORE_UNREACHABLE', 'The store of the rate limits does not answer.', {
    status: 503,
    retryAfterMs: 1_000,
    cause,
  });

/** The URL of the store names no engine that is known. */
export const rateStoreUrlWrong = (): RookeryError =>
  new RookeryError(
    'RATE_STORE_URL_INVALID',
    'The store of the rate limits is not a URL that is understood; expected redis://user:password@host:port/database.',
  );
