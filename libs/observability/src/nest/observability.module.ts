import { type DynamicModule, Module } from '@nestjs/common';
import { Health } from '../health/health.ts';
import type { Logger } from '../logging/logger.ts';
import { Metrics } from '../metrics/metrics.ts';
import { ServiceIdentity } from './service-identity.ts';

/** Token of the process's pino logger: `constructor(@Inject(LOGGER) logger: Logger)`. */
export const LOGGER = Symbol('rookery.logger');

export interface ObservabilityOptions {
  identity: ServiceIdentity;
  logger: Logger;
  health?: Health;
  metrics?: Metrics;
}

/**
 * Makes {@link ServiceIdentity}, {@link Health}, {@link Metrics} and {@link LOGGER} injectable in every module.
 * libs/service imports it into each application; a spec of a concern imports it by itself.
 */
@Module({})
export class ObservabilityModule {
  static forRoot({ identity, logger, health, metrics }: ObservabilityOptions): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      providers: [
        { provide: ServiceIdentity, useValue: identity },
        { provide: LOGGER, useValue: logger },
        { provide: Health, useValue: health ?? new Health() },
        { provide: Metrics, useValue: metrics ?? new Metrics(identity.name) },
      ],
      exports: [ServiceIdentity, LOGGER, Health, Metrics],
    };
  }
}
