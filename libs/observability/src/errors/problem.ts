import { STATUS_CODES } from 'node:http';
import { RookeryError } from './rookery-error.ts';

/** RFC 9457 problem details, with our `code` and the trace to look for in the logs. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  traceId?: string;
  [extension: string]: unknown;
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/**
 * Turns any thrown value into problem details. Only a {@link RookeryError} speaks for itself; anything else
 * becomes a 500 that says nothing of its inside. Details never replace a standard member.
 */
export function toProblem(error: unknown, traceId?: string): Problem {
  const known =
    error instanceof RookeryError
      ? error
      : new RookeryError('INTERNAL', 'The service failed on this request. Its log has the reason under the trace id.');
  const members: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[known.status] ?? 'Error',
    status: known.status,
    detail: known.message,
    code: known.code,
    ...(traceId ? { traceId } : {}),
  };
  return { ...members, ...known.details, ...members };
}

/** The headers that go with problem details: media type, Retry-After in whole seconds, rounded up, and for a 401 how to come in. */
export function problemHeaders(error: unknown): Record<string, string> {
  const { retryAfterMs, status } = error instanceof RookeryError ? error : { retryAfterMs: undefined, status: 500 };
  return {
    'content-type': PROBLEM_MEDIA_TYPE,
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
  };
}
