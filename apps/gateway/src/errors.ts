import { RookeryError } from '@rookery/observability';

/** Every refusal and failure of the gateway, with the code that a client can act on. */
export const errors = {
  badTarget: (reason: string) =>
    new RookeryError('BAD_TARGET', `The request target is refused: ${reason}.`, { status: 400 }),
  tlsPort: (address: string, port: number, cause: Error) =>
    new RookeryError(
      'GATEWAY_TLS_PORT',
      `The TLS port ${port} cannot be had on ${address} (${cause.message}). Stop what has it, or set tls.port to another one, or to 0 for any.`,
      { cause },
    ),
  badHeaders: (reason: string) =>
    new RookeryError('BAD_HEADERS', `The request headers are refused: ${reason}.`, { status: 400 }),
  tooManyHeaders: (most: number) =>
    new RookeryError('TOO_MANY_HEADERS', `A request may have at most ${most} headers.`, { status: 431 }),
  methodUnknown: (method: string) =>
    new RookeryError('METHOD_UNKNOWN', `The gateway does not forward ${method} requests.`, { status: 501 }),
  expectationUnknown: () =>
    new RookeryError('EXPECTATION_UNKNOWN', 'The only expectation that is understood is 100-continue.', {
      status: 417,
    }),
  upgradeRefused: (reason: string, status: 400 | 426) =>
    new RookeryError('UPGRADE_REFUSED', `The upgrade is refused: ${reason}.`, { status }),
  upgradeFailed: (service: string, reason: string) =>
    new RookeryError('UPGRADE_FAILED', `${service} did not agree to the WebSocket: ${reason}.`, { status: 502 }),
  tooManyWebSockets: (most: number) =>
    new RookeryError('TOO_MANY_WEBSOCKETS', `The gateway holds at most ${most} WebSockets, and has as many.`, {
      status: 503,
      retryAfterMs: 5_000,
    }),
  routeUnknown: () =>
    new RookeryError(
      'ROUTE_UNKNOWN',
      'No route leads there: none has this path, or those that have it want another method, host, header or the like.',
      {
        status: 404,
      },
    ),
  methodNotAllowed: (method: string, verbs: readonly string[]) =>
    new RookeryError('METHOD_NOT_ALLOWED', `There is no ${method} here. What there is: ${verbs.join(', ')}.`, {
      status: 405,
    }),
  notJson: (type: string) =>
    new RookeryError('MEDIA_TYPE_UNSUPPORTED', `Expected a body of application/json, received ${type}.`, {
      status: 415,
    }),
  jsonMalformed: () => new RookeryError('JSON_MALFORMED', 'The body is not well-formed JSON.', { status: 400 }),
  notGrpc: (service: string) =>
    new RookeryError('NOT_GRPC', `${service} is called by gRPC: HTTP/2 and content-type application/grpc.`, {
      status: 415,
    }),
  grpcUnsupported: (service: string) =>
    new RookeryError('GRPC_UNSUPPORTED', `${service} has no gRPC port.`, { status: 501 }),
  serviceUnknown: (service: string) =>
    new RookeryError('SERVICE_UNKNOWN', `No service named ${service} is open to callers of the gateway.`, {
      status: 404,
    }),
  bodyTooLarge: (limitBytes: number) =>
    new RookeryError(
      'BODY_TOO_LARGE',
      `The request body is larger than the ${limitBytes} bytes that this route takes.`,
      {
        status: 413,
      },
    ),
  noInstance: (service: string, retryAfterMs: number) =>
    new RookeryError('NO_INSTANCE', `No healthy instance of ${service} is registered.`, { status: 503, retryAfterMs }),
  circuitOpen: (service: string, retryAfterMs: number) =>
    new RookeryError('CIRCUIT_OPEN', `${service} failed too often and is not called for now.`, {
      status: 503,
      retryAfterMs,
    }),
  overloaded: (service: string) =>
    new RookeryError('OVERLOADED', `Too many requests to ${service} are under way.`, {
      status: 503,
      retryAfterMs: 1_000,
    }),
  filterTimeout: (filter: string, afterMs: number) =>
    new RookeryError('FILTER_TIMEOUT', `The filter ${filter} did not decide within ${Math.round(afterMs)} ms.`, {
      status: 504,
    }),
  filterFailed: (filter: string, cause: unknown) =>
    new RookeryError('FILTER_FAILED', `The filter ${filter} failed; nothing was forwarded.`, { status: 500, cause }),
  upstreamFailed: (service: string) =>
    new RookeryError('UPSTREAM_FAILED', `The connection to ${service} failed before it answered.`, { status: 502 }),
  upstreamTimeout: (service: string, afterMs: number) =>
    new RookeryError('UPSTREAM_TIMEOUT', `${service} did not answer within ${Math.round(afterMs)} ms.`, {
      status: 504,
    }),
} as const;

/** The part of the gateway that a code speaks of, for `x-refused-by`; a filter is named by itself. */
const REFUSERS: Readonly<Record<string, string>> = {
  BAD_TARGET: 'target',
  BAD_HEADERS: 'headers',
  TOO_MANY_HEADERS: 'headers',
  HEADERS_TOO_LARGE: 'headers',
  METHOD_UNKNOWN: 'method',
  EXPECTATION_UNKNOWN: 'headers',
  UPGRADE_REFUSED: 'upgrade',
  UPGRADE_FAILED: 'upstream',
  TOO_MANY_WEBSOCKETS: 'websocket-limit',
  BAD_REQUEST: 'parser',
  REQUEST_TIMEOUT: 'deadline',
  ROUTE_UNKNOWN: 'routes',
  NOT_GRPC: 'routes',
  GRPC_UNSUPPORTED: 'discovery',
  SERVICE_UNKNOWN: 'discovery',
  NO_INSTANCE: 'discovery',
  BODY_TOO_LARGE: 'body-limit',
  CIRCUIT_OPEN: 'breaker',
  OVERLOADED: 'in-flight-limit',
  UPSTREAM_FAILED: 'upstream',
  UPSTREAM_TIMEOUT: 'deadline',
};

export const refuserOf = (code: string): string => REFUSERS[code] ?? 'gateway';
