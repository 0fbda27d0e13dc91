import { RookeryError } from '@rookery/observability';

/** Every error that this library raises by itself. */
export const rpcErrors = {
  noInstance: (service: string) =>
    new RookeryError('RPC_NO_INSTANCE', `No healthy instance of ${service} is registered.`, {
      status: 503,
      details: { upstream: service },
    }),
  unavailable: (service: string, reason: string, cause?: unknown) =>
    new RookeryError('RPC_UNAVAILABLE', `${service} does not answer: ${reason}`, {
      status: 503,
      details: { upstream: service },
      cause,
    }),
  /** The request never left: no connection came about. */
  notSent: (service: string, reason: string, cause?: unknown) =>
    new RookeryError('RPC_NOT_SENT', `${service} cannot be reached: ${reason}`, {
      status: 503,
      details: { upstream: service },
      cause,
    }),
  /** The instance itself asked to be left alone. */
  overloaded: (service: string, status: number, retryAfterMs: number | undefined) =>
    new RookeryError('RPC_OVERLOADED', `${service} takes no requests for now (${status}).`, {
      status: 503,
      details: { upstream: service },
      retryAfterMs,
    }),
  deadline: (service: string, call: string, timeoutMs: number, cause?: unknown) =>
    new RookeryError('RPC_DEADLINE_EXCEEDED', `${service} did not answer ${call} within ${timeoutMs} ms.`, {
      status: 504,
      details: { upstream: service },
      cause,
    }),
  cancelled: (service: string, call: string, cause?: unknown) =>
    new RookeryError('RPC_CANCELLED', `The call ${call} to ${service} was cancelled.`, { status: 499, cause }),
  failed: (service: string, status: number, message: string, cause?: unknown) =>
    new RookeryError('RPC_FAILED', `${service} answered: ${message}`, {
      status,
      details: { upstream: service },
      cause,
    }),
  unexpectedAnswer: (service: string, call: string, problems: string) =>
    new RookeryError(
      'RPC_UNEXPECTED_ANSWER',
      `${service} answered ${call} in a shape that was not agreed: ${problems}`,
      {
        status: 502,
        details: { upstream: service },
      },
    ),
  missingParameter: (call: string, name: string) =>
    new RookeryError('RPC_PARAMETER_MISSING', `The call ${call} needs the path parameter "${name}".`),
} as const;
