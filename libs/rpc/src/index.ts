export type { EndedCall, RpcObserver } from './balancing/rpc-observer.ts';
export type { RpcPolicy } from './balancing/rpc-policy.ts';
export type { CallOptions } from './balancing/upstream-caller.ts';
export type { ClientClass } from './client-class.ts';
export { type GrpcCalls, GrpcClient, type GrpcClientOptions } from './grpc/client.ts';
export type { ProtoPackage } from './grpc/definitions.ts';
export { GrpcErrorFilter } from './grpc/error-filter.ts';
export { GrpcServer, type GrpcServerOptions, grpcTransport } from './grpc/server.ts';
export { type HttpCallOptions, type HttpCalls, HttpClient } from './http/client.ts';
export {
  del,
  type Endpoint,
  type EndpointOptions,
  get,
  type HttpMethod,
  head,
  patch,
  post,
  put,
} from './http/endpoint.ts';
export { RpcModule } from './rpc.module.ts';
export { RpcRuntime } from './runtime.ts';
