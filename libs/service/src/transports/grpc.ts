import type { INestApplication } from '@nestjs/common';
import type { GrpcServer } from '@rookery/rpc';
import type { GrpcOptions } from '../service-options.ts';
import { type ObservedHandlersOptions, observeHandlers } from './observed-handlers.ts';

export interface GrpcTransportOptions extends Omit<ObservedHandlersOptions, 'transport'> {
  grpc: GrpcOptions;
  host: string;
  port: number;
  drainMs: number;
}

/** Connects the gRPC side of a service; it listens with the application's other transports. */
export async function connectGrpc(
  app: INestApplication,
  { grpc, host, port, drainMs, ...observed }: GrpcTransportOptions,
): Promise<GrpcServer> {
  const { grpcTransport } = await import('@rookery/rpc');
  const transport = grpcTransport({ ...grpc, host, port, drainMs });
  observeHandlers(transport.strategy, { ...observed, transport: 'grpc' });
  app.connectMicroservice(transport, { inheritAppConfig: true });
  return transport.strategy;
}
