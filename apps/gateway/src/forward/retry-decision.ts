/** Why a try failed before a response began. */
export type TryFailure =
  /** The connection could not be made. */
  | 'refused'
  /** The connection broke. */
  | 'reset'
  /** The time for one try was over. */
  | 'timeout'
  /** The instance answered 503. */
  | 'busy';

export interface RetryFacts {
  failure: TryFailure;
  method: string;
  hasBody: boolean;
  /** Whether a connection was there and the request may have gone out. */
  sent: boolean;
  tries: number;
  maxTries: number;
  leftMs: number;
}

const REPEATABLE = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);

/**
 * Whether another try is safe and makes sense. What never went out can always be sent again; what may have gone out
 * only where doing it twice is as doing it once, and where no body was taken from the client.
 */
export function mayRetry({ method, hasBody, sent, tries, maxTries, leftMs }: RetryFacts): boolean {
  if (tries >= maxTries || leftMs <= 0) return false;
  return !sent || (REPEATABLE.has(method) && !hasBody);
}

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What an error of the connection means. */
export const failureOf = (error: Error, sent: boolean): 'refused' | 'reset' =>
  !sent && 'code' in error && NOT_CONNECTED.has(String(error.code)) ? 'refused' : 'reset';
