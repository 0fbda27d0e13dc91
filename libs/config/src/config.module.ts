import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { createLogger, LOGGER, type Logger, ServiceIdentity } from '@rookery/observability';
import type { z } from 'zod';
import { settingsOf } from './config-decorator.ts';
import { ConfigHub } from './config-hub.ts';
import { type OpenOptions, openConfigSources } from './open-sources.ts';
import type { SettingsClass } from './settings.ts';

/** As {@link OpenOptions}: the service's name, and what the environment says otherwise. */
export type ConfigModuleOptions = OpenOptions;

@Module({})
class SettingsModule {}

/** Gives a service its settings: `forRoot` once in the application, `forFeature` beside the code that reads them. */
@Module({})
export class ConfigModule implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #hub: ConfigHub;

  constructor(@Inject(ConfigHub) hub: ConfigHub) {
    this.#hub = hub;
  }

  static forRoot(options: ConfigModuleOptions): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        {
          provide: ConfigHub,
          inject: [
            { token: ServiceIdentity, optional: true },
            { token: LOGGER, optional: true },
          ],
          useFactory: async (identity?: ServiceIdentity, logger?: Logger) =>
            ConfigHub.open({
              sources: await openConfigSources({ ...(identity && { instance: identity.instance }), ...options }),
              logger: logger ?? createLogger({ service: options.service }),
            }),
        },
      ],
      exports: [ConfigHub],
    };
  }

  /** Makes settings classes, and schemas for `@Config(schema)`, injectable; a wrong value stops the start-up. */
  static forFeature<T extends readonly unknown[]>(
    ...settings: { [K in keyof T]: SettingsClass<T[K]> | z.ZodType<T[K]> }
  ): DynamicModule {
    const classes = settings.map((each) => ('schema' in each ? each : settingsOf(each)));
    return {
      module: SettingsModule,
      providers: classes.map((token) => ({
        provide: token,
        inject: [ConfigHub],
        useFactory: async (hub: ConfigHub) => new token(await hub.attach(token.schema, token.section)),
      })),
      exports: classes,
    };
  }

  onApplicationBootstrap(): void {
    this.#hub.follow();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#hub.close();
  }
}
