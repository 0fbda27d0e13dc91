import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { Upstreams } from '@rookery/discovery';
import { LOGGER, type Logger, Metrics } from '@rookery/observability';
import { rpcObserver } from './balancing/rpc-observer.ts';
import type { ClientClass } from './client-class.ts';
import { RpcRuntime } from './runtime.ts';

@Module({
  providers: [
    {
      provide: RpcRuntime,
      inject: [Upstreams, { token: Metrics, optional: true }, { token: LOGGER, optional: true }],
      useFactory: (upstreams: Upstreams, metrics?: Metrics, logger?: Logger) =>
        new RpcRuntime(upstreams, metrics && logger && rpcObserver(metrics, logger)),
    },
  ],
  exports: [RpcRuntime],
})
class RpcRuntimeModule implements OnModuleDestroy, OnApplicationShutdown {
  constructor(@Inject(RpcRuntime) private readonly runtime: RpcRuntime) {}

  onModuleDestroy(): void {
    this.runtime.stopSweeping();
  }

  onApplicationShutdown(): void {
    this.runtime.close();
  }
}

/** Makes clients injectable: `RpcModule.forFeature(CatalogClient, FilmsClient)`. Needs DiscoveryModule in the application. */
@Module({})
export class RpcModule {
  static forFeature(...clients: ClientClass<object>[]): DynamicModule {
    return {
      module: RpcModule,
      imports: [RpcRuntimeModule],
      providers: clients.map((client: Type<object>) => ({
        provide: client,
        inject: [RpcRuntime],
        useFactory: (runtime: RpcRuntime) => new client(runtime),
      })),
      exports: clients,
    };
  }
}
