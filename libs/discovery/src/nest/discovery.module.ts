import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER } from '@rookery/observability';
import { Upstreams, type UpstreamsOptions } from '../balancing/upstreams.ts';
import { createRegistry } from '../create-registry.ts';
import type { Registry } from '../discovery.ts';
import type { DiscoveryLog } from '../log.ts';
import { RegistryClient } from './registry-client.ts';

export interface DiscoveryModuleOptions {
  /** DISCOVERY_URL when not given. */
  url?: string;
  /** Who this process is and where, and how it spreads its calls over the instances of each service. */
  upstreams?: Pick<UpstreamsOptions, 'identity' | 'zone' | 'balance'>;
}

/** Makes {@link RegistryClient} and {@link Upstreams} injectable everywhere; closes both when the application ends. */
@Module({})
export class DiscoveryModule implements OnApplicationShutdown {
  constructor(
    @Inject(RegistryClient) private readonly registry: RegistryClient,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
  ) {}

  static forRoot({ url, upstreams = {} }: DiscoveryModuleOptions = {}): DynamicModule {
    return {
      module: DiscoveryModule,
      global: true,
      providers: [
        {
          provide: RegistryClient,
          inject: [{ token: LOGGER, optional: true }],
          useFactory: (log?: DiscoveryLog) => createRegistry(url, log ? { log } : {}),
        },
        {
          provide: Upstreams,
          inject: [RegistryClient],
          useFactory: (registry: Registry) => new Upstreams(registry, upstreams),
        },
      ],
      exports: [RegistryClient, Upstreams],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    this.upstreams.close();
    await this.registry.close();
  }
}
