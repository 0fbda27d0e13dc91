/** gRPC status codes by number (https://grpc.io/docs/guides/status-codes/). */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The one table between the two worlds: HTTP status, the gRPC status it travels as. */
const TABLE: ReadonlyArray<readonly [http: number, grpc: number]> = [
  [200, GrpcStatus.OK],
  [400, GrpcStatus.INVALID_ARGUMENT],
  [401, GrpcStatus.UNAUTHENTICATED],
  [403, GrpcStatus.PERMISSION_DENIED],
  [404, GrpcStatus.NOT_FOUND],
  [409, GrpcStatus.ALREADY_EXISTS],
  [412, GrpcStatus.FAILED_PRECONDITION],
  [413, GrpcStatus.OUT_OF_RANGE],
  [415, GrpcStatus.INVALID_ARGUMENT],
  [422, GrpcStatus.FAILED_PRECONDITION],
  [429, GrpcStatus.RESOURCE_EXHAUSTED],
  [499, GrpcStatus.CANCELLED],
  [500, GrpcStatus.INTERNAL],
  [501, GrpcStatus.UNIMPLEMENTED],
  [502, GrpcStatus.UNAVAILABLE],
  [503, GrpcStatus.UNAVAILABLE],
  [504, GrpcStatus.DEADLINE_EXCEEDED],
];

const grpcByHttp = new Map(TABLE);
const httpByGrpc = new Map([
  [GrpcStatus.UNKNOWN as number, 500],
  [GrpcStatus.ABORTED as number, 409],
  [GrpcStatus.DATA_LOSS as number, 500],
  ...TABLE.filter(([http]) => ![415, 502].includes(http)).map(([http, grpc]) => [grpc, http] as const),
]);

/** The gRPC status of an HTTP one; INTERNAL where the table has none. */
export const toGrpcStatus = (httpStatus: number): number => grpcByHttp.get(httpStatus) ?? GrpcStatus.INTERNAL;

/** The HTTP status of a gRPC one; 500 where the table has none. */
export const toHttpStatus = (grpcStatus: number): number => httpByGrpc.get(grpcStatus) ?? 500;
