import { Module } from '@nestjs/common';
import { DatabaseModule } from '@rookery/database';
import { SecurityModule } from '@rookery/security';
import { InstanceStore } from './instances/instance-store.ts';
import { InstancesController } from './instances/instances.controller.ts';
import { migrations } from './migrations.ts';
import { ReleaseStore } from './settings/release-store.ts';
import { SettingsController } from './settings/settings.controller.ts';
import { YamlBody } from './settings/yaml-body.ts';
import { ReleaseFeed } from './watch/release-feed.ts';
import { WatchController } from './watch/watch.controller.ts';
import { readWatchLimits, WATCH_LIMITS } from './watch/watch-limits.ts';
import { Watchers } from './watch/watchers.ts';

/** The configuration centre. Its state is in Postgres only, so that any number of replicas can run. */
@Module({
  imports: [DatabaseModule.forRoot({ migrations }), SecurityModule.forRoot()],
  controllers: [SettingsController, WatchController, InstancesController],
  providers: [
    ReleaseStore,
    InstanceStore,
    Watchers,
    ReleaseFeed,
    YamlBody,
    { provide: WATCH_LIMITS, useFactory: readWatchLimits },
  ],
})
export class AppModule {}
