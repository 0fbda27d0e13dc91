import {
  type DynamicModule,
  type INestApplication,
  Inject,
  Module,
  type OnApplicationShutdown,
  Optional,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigModule } from '@rookery/config';
import { Upstreams } from '@rookery/discovery';
import type { Logger } from '@rookery/observability';
import { openRateStore, ResilienceModule, WatchedRateStore } from '@rookery/resilience';
import { FollowedRules } from './followed-rules.ts';
import { ResilienceRules, RuleLoader } from './resilience-rules.ts';
import { ResourceInterceptor } from './resource-interceptor.ts';

/** The other instances of this service, as the registry knows them. */
class Neighbours {
  upstreams: Upstreams | undefined;

  constructor(private readonly service: string) {}

  count(): number {
    return Math.max(1, this.upstreams?.of(this.service).instances.length ?? 1);
  }
}

const STORE = Symbol('rookery.token-server');

@Module({})
class HandlerResourcesModule implements OnApplicationShutdown {
  constructor(
    @Inject(Neighbours) neighbours: Neighbours,
    @Inject(STORE) private readonly store: { close(): Promise<void> },
    @Optional() @Inject(Upstreams) upstreams?: Upstreams,
  ) {
    neighbours.upstreams = upstreams;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}

export interface ResilienceModulesOptions {
  service: string;
  /** Where the rules come from: the settings that the application reads, its place among them alone, or nowhere. */
  settings: 'own' | 'followed' | 'none';
  /** Where cluster-flow rules count. */
  tokenServerUrl: string | undefined;
  logger: Logger;
}

/** Makes resources of all handlers of an application, with the rules of its settings before them. */
export async function resilienceModules(options: ResilienceModulesOptions): Promise<DynamicModule[]> {
  const { service, settings, tokenServerUrl, logger } = options;
  const neighbours = new Neighbours(service);
  const store =
    tokenServerUrl === undefined ? undefined : new WatchedRateStore(await openRateStore(tokenServerUrl), logger);
  return [
    ResilienceModule.forRoot({ instances: () => neighbours.count(), ...(store && { store }) }),
    {
      module: HandlerResourcesModule,
      imports: settings === 'own' ? [ConfigModule.forFeature(ResilienceRules)] : [],
      providers: [
        { provide: Neighbours, useValue: neighbours },
        { provide: STORE, useValue: store ?? { close: async () => {} } },
        ResourceInterceptor,
        ...(settings === 'own' ? [RuleLoader] : []),
        ...(settings === 'followed' ? [FollowedRules] : []),
      ],
    },
  ];
}

/**
 * Puts the resources before the handlers, where the application has them from {@link resilienceModules}. As the last
 * interceptor: those of its own, which say who calls, come before.
 */
export function useResources(app: INestApplication): void {
  const modules = [...app.get(ModulesContainer).values()];
  if (modules.some(({ metatype }) => metatype === HandlerResourcesModule)) {
    app.useGlobalInterceptors(app.get(ResourceInterceptor, { strict: false }));
  }
}
