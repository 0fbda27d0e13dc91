import { GrpcStatus, type RookeryError, toGrpcStatus } from '@rookery/observability';

/** application/grpc and its encodings, not grpc-web. */
const MEDIA_TYPE = /^application\/grpc(?:[+;]|$)/;
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };
const LONGEST_MS = 99_999_999;
/** Nobody serves this method here: what gRPC clients fall back on. */
const UNKNOWN_METHODS = new Set(['ROUTE_UNKNOWN', 'SERVICE_UNKNOWN', 'GRPC_UNSUPPORTED']);

export const isGrpcMediaType = (contentType: string | undefined): boolean =>
  contentType !== undefined && MEDIA_TYPE.test(contentType);

/** The time that a `grpc-timeout` leaves, in ms; undefined for one that is none. */
export function timeoutMsOf(value: string): number | undefined {
  const [, amount, unit] = TIMEOUT.exec(value) ?? [];
  const unitMs = unit && UNIT_MS[unit];
  return unitMs ? Number(amount) * unitMs : undefined;
}

export const grpcTimeout = (ms: number): string => `${Math.min(Math.max(1, Math.ceil(ms)), LONGEST_MS)}m`;

/** The gRPC status of an error of the gateway. */
export const grpcStatusOf = ({ code, status }: RookeryError): number =>
  UNKNOWN_METHODS.has(code) ? GrpcStatus.UNIMPLEMENTED : toGrpcStatus(status);

/** Status and message as a response's trailers, name and value. */
export const statusTrailers = (status: number, message: string): string[] => [
  'grpc-status',
  String(status),
  'grpc-message',
  message.replace(/[^ -$&-~]+/g, (characters) => encodeURIComponent(characters)),
];
