import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  Optional,
} from '@nestjs/common';
import { Health } from '@rookery/observability';
import { Database } from './database.ts';
import { reasonOf } from './errors.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';

/** The database of one service, for the whole app: inject {@link Database}. Start-up waits until it answers. */
@Module({})
export class DatabaseModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Optional() @Inject(Health) private readonly health?: Health,
  ) {}

  static forRoot(options: DatabaseOptions = {}): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: Database, useFactory: () => openDatabase(options) }],
      exports: [Database],
    };
  }

  onModuleInit(): void {
    this.health?.addCheck('database', () =>
      this.database.ping().then(
        () => ({ ok: true }) as const,
        (error: unknown) => ({ ok: false, reason: reasonOf(error) }) as const,
      ),
    );
  }

  /** After the other modules' onModuleDestroy, so that they may still write their last. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
