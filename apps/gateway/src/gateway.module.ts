import { Module } from '@nestjs/common';
import { RegistryClient, Upstreams } from '@rookery/discovery';
import { Health, LOGGER, type Logger, Metrics } from '@rookery/observability';
import { GatewayProcess } from './gateway-process.ts';

@Module({
  providers: [
    {
      provide: GatewayProcess,
      inject: [RegistryClient, Upstreams, Metrics, Health, LOGGER],
      useFactory: (registry: RegistryClient, upstreams: Upstreams, metrics: Metrics, health: Health, logger: Logger) =>
        GatewayProcess.start({ registry, upstreams, metrics, health, logger }),
    },
  ],
})
export class GatewayModule {}
