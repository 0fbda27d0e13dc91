import { type DynamicModule, Module } from '@nestjs/common';
import { LOGGER, type Logger, Metrics } from '@rookery/observability';
import { Resources, type ResourcesOptions } from '../resource/resources.ts';
import { ResourceExplorer } from './resource-explorer.ts';
import { resourceMetrics } from './resource-metrics.ts';

/** Makes {@link Resources} injectable everywhere, and resources of all methods that `@Resource` names. */
@Module({})
export class ResilienceModule {
  static forRoot(options: Omit<ResourcesOptions, 'onCircuit'> = {}): DynamicModule {
    return {
      module: ResilienceModule,
      global: true,
      providers: [
        {
          provide: Resources,
          inject: [
            { token: Metrics, optional: true },
            { token: LOGGER, optional: true },
          ],
          useFactory: (metrics?: Metrics, logger?: Logger) => {
            const resources = new Resources({
              ...options,
              onCircuit: (resource, of, state) =>
                logger?.[state === 'open' ? 'warn' : 'info']({ resource, of, state }, 'circuit changed'),
            });
            if (metrics) resourceMetrics(metrics, resources);
            return resources;
          },
        },
        ResourceExplorer,
      ],
      exports: [Resources],
    };
  }
}
