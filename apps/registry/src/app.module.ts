import { join } from 'node:path';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { LOGGER, type Logger } from '@rookery/observability';
import { SecurityModule } from '@rookery/security';
import { Prober } from './checks/prober.ts';
import { Expiry } from './domain/expiry.ts';
import { RegistryState } from './domain/registry-state.ts';
import { Waiters } from './domain/waiters.ts';
import { Applications } from './eureka/applications.ts';
import { EurekaReadController } from './eureka/eureka-read.controller.ts';
import { EurekaWriteController } from './eureka/eureka-write.controller.ts';
import { RecentChanges } from './eureka/recent-changes.ts';
import { AgentController } from './http/agent.controller.ts';
import { Blocking } from './http/blocking.ts';
import { CatalogController } from './http/catalog.controller.ts';
import { HealthController } from './http/health.controller.ts';
import { HeartbeatStreams } from './http/heartbeat-streams.ts';
import { KvController } from './http/kv.controller.ts';
import { SessionController } from './http/session.controller.ts';
import { StatusController } from './http/status.controller.ts';
import { TokenGuard, tokensOf } from './http/token.guard.ts';
import { NacosGrpc } from './nacos/grpc/nacos-grpc.ts';
import { nacosGrpcPort } from './nacos/grpc/nacos-grpc-port.ts';
import { NacosAnswers } from './nacos/nacos-answers.ts';
import { NacosInstanceController } from './nacos/nacos-instance.controller.ts';
import { NacosLoginController } from './nacos/nacos-login.controller.ts';
import { NacosServerController } from './nacos/nacos-server.controller.ts';
import { NacosServices } from './nacos/nacos-services.ts';
import { NacosV2Controller } from './nacos/nacos-v2.controller.ts';
import { UdpPush } from './nacos/push/udp-push.ts';
import { Journals } from './storage/journal.ts';
import { Persistence } from './storage/persistence.ts';
import { type Recovered, recover } from './storage/recover.ts';
import { SnapshotFile } from './storage/snapshot-file.ts';

const folder = (): string => join(process.env.ROOKERY_HOME ?? '.rookery', 'registry');

/** What the last run left. */
const RECOVERED = Symbol('what the last run left');

/**
 * Every endpoint is `@Public()`: the machines of the platform register before they could have a token of the platform's
 * issuer. Where REGISTRY_TOKEN is set, it is asked for; elsewhere the network they are in is the border.
 */
@Module({
  imports: [SecurityModule.forRoot()],
  controllers: [
    AgentController,
    HealthController,
    CatalogController,
    StatusController,
    KvController,
    SessionController,
    EurekaReadController,
    EurekaWriteController,
    NacosInstanceController,
    NacosServerController,
    NacosV2Controller,
    NacosLoginController,
  ],
  providers: [
    Blocking,
    HeartbeatStreams,
    { provide: TokenGuard, useFactory: () => new TokenGuard(tokensOf(process.env.REGISTRY_TOKEN)) },
    { provide: APP_GUARD, useExisting: TokenGuard },
    Applications,
    {
      provide: RecentChanges,
      inject: [Applications],
      useFactory: (applications: Applications) => new RecentChanges(applications),
    },
    { provide: SnapshotFile, useFactory: () => new SnapshotFile(join(folder(), 'registry.json')) },
    { provide: Journals, useFactory: () => new Journals(folder()) },
    { provide: RECOVERED, inject: [SnapshotFile, Journals, LOGGER], useFactory: recovered },
    {
      provide: RegistryState,
      inject: [RECOVERED],
      useFactory: ({ state }: Recovered) => new RegistryState(Date.now, state),
    },
    NacosServices,
    NacosAnswers,
    {
      provide: UdpPush,
      inject: [RegistryState, NacosServices],
      useFactory: ({ changes }: RegistryState, services: NacosServices) =>
        new UdpPush(changes, services, process.env.HOST ?? '127.0.0.1'),
    },
    {
      provide: NacosGrpc,
      inject: [RegistryState, NacosServices, TokenGuard],
      useFactory: (state: RegistryState, services: NacosServices, guard: TokenGuard) =>
        new NacosGrpc(state, services, guard, nacosGrpcAddress()),
    },
    {
      provide: Waiters,
      inject: [RegistryState],
      useFactory: (state: RegistryState) => new Waiters(state.changes),
    },
    {
      provide: Persistence,
      inject: [RegistryState, SnapshotFile, Journals, RECOVERED, LOGGER],
      useFactory: (
        state: RegistryState,
        snapshot: SnapshotFile,
        journals: Journals,
        { nextJournal }: Recovered,
        logger: Logger,
      ) => new Persistence({ state, snapshot, journals, nextJournal, logger }),
    },
    { provide: Prober, inject: [RegistryState], useFactory: (state: RegistryState) => new Prober(state) },
    { provide: Expiry, inject: [RegistryState], useFactory: (state: RegistryState) => new Expiry(state) },
  ],
})
export class AppModule implements OnApplicationShutdown {
  constructor(
    @Inject(Waiters) private readonly waiters: Waiters,
    @Inject(HeartbeatStreams) private readonly streams: HeartbeatStreams,
    @Inject(UdpPush) private readonly push: UdpPush,
    @Inject(NacosGrpc) private readonly nacosGrpc: NacosGrpc,
    @Inject(Prober) private readonly prober: Prober,
    @Inject(Expiry) private readonly expiry: Expiry,
    @Inject(Persistence) private readonly persistence: Persistence,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.waiters.close();
    this.streams.close();
    this.push.close();
    this.nacosGrpc.close();
    this.prober.close();
    this.expiry.close();
    await this.persistence.close();
  }
}

async function recovered(snapshot: SnapshotFile, journals: Journals, logger: Logger): Promise<Recovered> {
  const found = await recover(snapshot, journals);
  for (const { putAside, reason } of found.damaged) logger.warn({ putAside, reason }, 'saved state damaged');
  return found;
}

function nacosGrpcAddress(): { host: string; port: number } | undefined {
  const port = nacosGrpcPort(process.env);
  return port === undefined ? undefined : { host: process.env.HOST ?? '127.0.0.1', port };
}
