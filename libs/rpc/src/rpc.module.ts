import { type DynamicModule, Inject, Module, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { Upstreams } from '@rookery/discovery';
import type { ClientClass } from './client-class.ts';
import { RpcRuntime } from './runtime.ts';

@Module({
  providers: [
    { provide: RpcRuntime, inject: [Upstreams], useFactory: (upstreams: Upstreams) => new RpcRuntime(upstreams) },
  ],
  exports: [RpcRuntime],
})
class RpcRuntimeModule implements OnApplicationShutdown {
  constructor(@Inject(RpcRuntime) private readonly runtime: RpcRuntime) {}

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
