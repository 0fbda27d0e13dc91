import { Module } from '@nestjs/common';
import { RegistryClient, Upstreams } from '@rookery/discovery';
import { Health, LOGGER, type Logger, Metrics, ServiceIdentity } from '@rookery/observability';
import { GatewayProcess } from './gateway-process.ts';

@Module({
  providers: [
    {
      provide: GatewayProcess,
      inject: [ServiceIdentity, RegistryClient, Upstreams, Metrics, Health, LOGGER],
      useFactory: (
        identity: ServiceIdentity,
        registry: RegistryClient,
        upstreams: Upstreams,
        metrics: Metrics,
        health: Health,
        logger: Logger,
      ) => GatewayProcess.start({ identity, registry, upstreams, metrics, health, logger }),
    },
  ],
})
export class GatewayModule {}
