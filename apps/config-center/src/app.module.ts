import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DatabaseModule } from '@rookery/database';
import { SecurityModule } from '@rookery/security';
import { NamespaceGuard } from './access/namespace.guard.ts';
import { READERS, readReaders } from './access/readers.ts';
import { KnownTokens } from './access/tokens/known-tokens.ts';
import { TokenStore } from './access/tokens/token-store.ts';
import { TokensController } from './access/tokens/tokens.controller.ts';
import { Visitors } from './access/visitors.ts';
import { Documents } from './documents/documents.ts';
import { DraftStore } from './drafts/draft-store.ts';
import { DraftsController } from './drafts/drafts.controller.ts';
import { ReleaseClock } from './drafts/release-clock.ts';
import { SchedulesController } from './drafts/schedules.controller.ts';
import { Schedules } from './drafts/schedules.ts';
import { GitController } from './git/git.controller.ts';
import { GIT_SOURCES, readGitSources } from './git/git-source.ts';
import { GitSync } from './git/git-sync.ts';
import { GitTaker } from './git/git-taker.ts';
import { RawBodies } from './git/raw-bodies.ts';
import { GreyController } from './grey/grey.controller.ts';
import { InstanceStore } from './instances/instance-store.ts';
import { InstancesController } from './instances/instances.controller.ts';
import { migrations } from './migrations.ts';
import { EnvironmentView } from './model/environment-view.ts';
import { EnvironmentsController } from './model/environments.controller.ts';
import { GroupsController } from './model/groups.controller.ts';
import { ModelChanges } from './model/model-changes.ts';
import { ModelStore } from './model/model-store.ts';
import { NamespacesController } from './model/namespaces.controller.ts';
import { OriginsController } from './model/origins.controller.ts';
import { OwnReader } from './model/own-reader.ts';
import { ACCESS_KEYS, readAccessKeys } from './protocols/apollo/access-keys.ts';
import { ApolloController } from './protocols/apollo/apollo.controller.ts';
import { ApolloSignatures } from './protocols/apollo/apollo-signatures.ts';
import { DisconfController } from './protocols/disconf.controller.ts';
import { NacosController } from './protocols/nacos/nacos.controller.ts';
import { NacosLoginController } from './protocols/nacos/nacos-login.controller.ts';
import { NacosOpenApiController } from './protocols/nacos/nacos-open-api.controller.ts';
import { NacosToken } from './protocols/nacos/nacos-token.ts';
import { SpringController } from './protocols/spring/spring.controller.ts';
import { LongPolls } from './push/long-polls.ts';
import { SchemaStore } from './schemas/schema-store.ts';
import { SchemasController } from './schemas/schemas.controller.ts';
import { MaskInterceptor } from './secrets/mask.interceptor.ts';
import { Rotation } from './secrets/rotation.ts';
import { SecretsController } from './secrets/secrets.controller.ts';
import { keyRing, Secrets } from './secrets/secrets.ts';
import { BulkPublisher } from './settings/bulk-publisher.ts';
import { ReleaseStore } from './settings/release-store.ts';
import { SettingsController } from './settings/settings.controller.ts';
import { TextBody } from './settings/text-body.ts';
import { Exporter } from './transfer/exporter.ts';
import { Importer } from './transfer/importer.ts';
import { TransferController } from './transfer/transfer.controller.ts';
import { TransferBody } from './transfer/transfer-body.ts';
import { ReleaseFeed } from './watch/release-feed.ts';
import { WatchController } from './watch/watch.controller.ts';
import { readWatchLimits, WATCH_LIMITS } from './watch/watch-limits.ts';
import { Watchers } from './watch/watchers.ts';

/** The configuration centre. Its state is in Postgres only, so that any number of replicas can run. */
@Module({
  imports: [DatabaseModule.forRoot({ migrations }), SecurityModule.forRoot()],
  controllers: [
    SettingsController,
    WatchController,
    InstancesController,
    NacosController,
    NacosOpenApiController,
    ApolloController,
    SpringController,
    DisconfController,
    GreyController,
    SchemasController,
    TokensController,
    SecretsController,
    NacosLoginController,
    EnvironmentsController,
    GroupsController,
    NamespacesController,
    OriginsController,
    DraftsController,
    SchedulesController,
    TransferController,
    GitController,
  ],
  providers: [
    ReleaseStore,
    InstanceStore,
    Watchers,
    ReleaseFeed,
    TextBody,
    LongPolls,
    SchemaStore,
    ModelStore,
    ModelChanges,
    EnvironmentView,
    OwnReader,
    DraftStore,
    Schedules,
    ReleaseClock,
    Exporter,
    Importer,
    TransferBody,
    BulkPublisher,
    GitTaker,
    GitSync,
    RawBodies,
    { provide: GIT_SOURCES, useFactory: readGitSources },
    Documents,
    NacosToken,
    NamespaceGuard,
    Visitors,
    TokenStore,
    Secrets,
    Rotation,
    keyRing,
    { provide: APP_INTERCEPTOR, useClass: MaskInterceptor },
    KnownTokens,
    ApolloSignatures,
    { provide: READERS, useFactory: () => readReaders() },
    { provide: ACCESS_KEYS, useFactory: readAccessKeys },
    { provide: WATCH_LIMITS, useFactory: readWatchLimits },
  ],
})
export class AppModule {}
