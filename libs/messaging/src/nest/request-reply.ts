import { RookeryError } from '@rookery/observability';

/** Request and reply are messages like any other; these headers make them find each other. */
export const REPLY_TO = 'x-reply-to';
export const CORRELATION = 'x-correlation-id';
/** Epoch ms until which the caller waits. */
export const DEADLINE = 'x-deadline-at-ms';

/** One of a reply's parts: values until `done`, or an error. */
export interface Reply {
  value?: unknown;
  error?: { code: string; message: string; status: number; details?: Record<string, unknown> };
  done: boolean;
}

/** An error as it travels. Only a RookeryError speaks for itself. */
export function errorReply(error: unknown): Reply {
  const known =
    error instanceof RookeryError
      ? error
      : new RookeryError('INTERNAL', 'The service failed on this request. Its log has the reason under the trace id.');
  const { code, message, status, details } = known;
  return { error: { code, message, status, ...(details ? { details } : {}) }, done: true };
}

export function errorOf({ code, message, status, details }: NonNullable<Reply['error']>): RookeryError {
  return new RookeryError(code, message, { status, ...(details ? { details } : {}) });
}
