import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ConnectionLog } from '@rookery/connections';
import { LOGGER } from '@rookery/observability';
import { Coordination } from '../coordination.ts';
import { createCoordination } from '../create-coordination.ts';

export interface CoordinationModuleOptions {
  /** COORDINATION_URL, else DATABASE_URL, when not given. */
  url?: string;
}

/** Makes {@link Coordination} injectable everywhere; gives every lock back and closes it when the application ends. */
@Module({})
export class CoordinationModule implements OnApplicationShutdown {
  constructor(@Inject(Coordination) private readonly coordination: Coordination) {}

  static forRoot({ url }: CoordinationModuleOptions = {}): DynamicModule {
    return {
      module: CoordinationModule,
      global: true,
      providers: [
        {
          provide: Coordination,
          inject: [{ token: LOGGER, optional: true }],
          useFactory: (log?: ConnectionLog) => createCoordination(url, log ? { log } : {}),
        },
      ],
      exports: [Coordination],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.coordination.close();
  }
}
