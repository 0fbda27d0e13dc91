import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Database } from './database.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';

/** The database of one service, for the whole app: inject {@link Database}. Start-up waits until it answers. */
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  static forRoot(options: DatabaseOptions = {}): DynamicModule {
    return {
      module: DatabaseModule,
      global: true,
      providers: [{ provide: Database, useFactory: () => openDatabase(options) }],
      exports: [Database],
    };
  }

  /** After the other modules' onModuleDestroy, so that they may still write their last. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
