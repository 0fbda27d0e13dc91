import { reasonOf } from '@rookery/database';
import { RookeryError } from '@rookery/observability';

/** Where a URL points, without user and password: for errors and logs. */
const addressOf = (url: URL): string => `${url.host}${url.pathname === '/' ? '' : url.pathname}`;

/** Every error of this library: code, sentence, status. */
export const errors = {
  urlInvalid: (what: string): RookeryError =>
    new RookeryError(
      'MESSAGING_URL_INVALID',
      `MESSAGING_URL ${what}; expected postgres://user:password@host:port/database or amqp://user:password@host:port.`,
    ),

  notThere: (url: URL, waitMs: number, cause: unknown): RookeryError =>
    new RookeryError(
      'MESSAGING_UNREACHABLE',
      `The messaging engine at ${addressOf(url)} (MESSAGING_URL) did not answer within ${waitMs / 1_000} s: ${reasonOf(cause)}.`,
      { status: 503, cause },
    ),

  unreachable: (cause: unknown): RookeryError =>
    new RookeryError('MESSAGING_UNREACHABLE', 'The messaging engine does not answer. Try again shortly.', {
      status: 503,
      retryAfterMs: 1_000,
      cause,
    }),

  closed: (): RookeryError =>
    new RookeryError('MESSAGING_CLOSED', 'The connection to the messaging engine was closed by this process.', {
      status: 503,
    }),

  tooLarge: (topic: string, bytes: number, limitBytes: number): RookeryError =>
    new RookeryError(
      'MESSAGE_TOO_LARGE',
      `The payload of a message on ${topic} has ${bytes} bytes; at most ${limitBytes} travel. Store it and send where it is.`,
      { status: 413, details: { topic, bytes, limitBytes } },
    ),

  invalid: (what: string): RookeryError => new RookeryError('MESSAGE_INVALID', what, { status: 400 }),

  groupTaken: (group: string): RookeryError =>
    new RookeryError(
      'MESSAGING_GROUP_TAKEN',
      `This process already subscribes as group ${group}; name all of its topics in one subscription.`,
    ),

  noReply: (topic: string, timeoutMs: number): RookeryError =>
    new RookeryError('MESSAGING_NO_REPLY', `Nobody answered the request on ${topic} within ${timeoutMs} ms.`, {
      status: 504,
    }),
};
