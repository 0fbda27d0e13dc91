/** Why a try failed before a response began. */
export type TryFailure =
  /** The connection could not be made. */
  | 'refused'
  /** The connection broke. */
  | 'reset'
  /** The time for one try was over. */
  | 'timeout'
  /** The instance answered that it cannot now: 503, or what else the route says. */
  | 'busy';

export interface RetryFacts {
  failure: TryFailure;
  /** Whether the route says that the method may be sent twice. */
  repeatable: boolean;
  hasBody: boolean;
  /** Whether a connection was there and the request may have gone out. */
  sent: boolean;
  tries: number;
  maxTries: number;
  leftMs: number;
}

/**
 * Whether another try is safe and makes sense. What never went out can always be sent again; what may have gone out
 * only where doing it twice is as doing it once, and where no body was taken from the client.
 */
export function mayRetry({ repeatable, hasBody, sent, tries, maxTries, leftMs }: RetryFacts): boolean {
  if (tries >= maxTries || leftMs <= 0) return false;
  return !sent || (repeatable && !hasBody);
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
