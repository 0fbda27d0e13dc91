export type { ProtoPackage } from './grpc/definitions.ts';
export { GrpcErrorFilter } from './grpc/error-filter.ts';
export { GrpcServer, type GrpcServerOptions, grpcTransport } from './grpc/server.ts';
