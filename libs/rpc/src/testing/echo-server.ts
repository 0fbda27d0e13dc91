import { fileURLToPath } from 'node:url';
import { Controller, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod } from '@nestjs/microservices';
import type { Instance } from '@rookery/discovery';
import { currentRequest, currentTraceId, remainingMs } from '@rookery/observability';
import type { ProtoPackage } from '../grpc/definitions.ts';
import { GrpcErrorFilter } from '../grpc/error-filter.ts';
import { grpcTransport } from '../grpc/server.ts';

export const echoProto: ProtoPackage = {
  package: 'rookery.testing.v1',
  protoPath: fileURLToPath(new URL('echo.proto', import.meta.url)),
};

export interface EchoReply {
  text: string;
  instance: string;
  traceId?: string;
  lane?: string;
  leftMs: number;
}

export interface EchoService {
  say(request: { text: string }): Promise<EchoReply>;
  change(request: { text: string }): Promise<EchoReply>;
}

export type Handler = (text: string) => unknown;

/** A gRPC server of the test service. Both calls run `handle` and then answer with what they were given. */
export interface EchoServer {
  readonly instance: Instance;
  /** How often the handlers ran. */
  readonly calls: number;
  handle: Handler;
  /** As kill -9: sockets are gone under the running calls. */
  kill(): void;
  close(): Promise<void>;
}

export async function startEchoServer(id: string, port = 0): Promise<EchoServer> {
  const state = { id, calls: 0, handle: (() => {}) as Handler };

  @Controller()
  class Echo implements EchoService {
    constructor(@Inject('state') private readonly own: typeof state) {}

    @GrpcMethod('EchoService')
    async say({ text }: { text: string }): Promise<EchoReply> {
      this.own.calls++;
      await this.own.handle(text);
      return {
        text,
        instance: this.own.id,
        traceId: currentTraceId(),
        lane: currentRequest().lane,
        leftMs: Math.round(remainingMs(1_000_000)),
      };
    }

    @GrpcMethod('EchoService')
    change(request: { text: string }): Promise<EchoReply> {
      return this.say(request);
    }
  }

  @Module({ controllers: [Echo], providers: [{ provide: 'state', useValue: state }] })
  class EchoModule {}

  const transport = grpcTransport({ ...echoProto, port, maxMessageBytes: 64 * 1024, drainMs: 2_000 });
  const app = await NestFactory.createMicroservice(EchoModule, { ...transport, logger: false });
  app.useGlobalFilters(new GrpcErrorFilter());
  await app.listen();
  return {
    instance: {
      id,
      service: 'echo',
      address: '127.0.0.1',
      port: transport.strategy.port,
      grpcPort: transport.strategy.port,
      weight: 1,
      metadata: {},
    },
    get calls() {
      return state.calls;
    },
    set handle(handle: Handler) {
      state.handle = handle;
    },
    get handle() {
      return state.handle;
    },
    kill: () => transport.strategy.kill(),
    close: () => app.close(),
  };
}
