import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database, PgListener } from '@rookery/database';
import { Health } from '@rookery/observability';
import { LongPolls } from '../push/long-polls.ts';
import { RELEASES_CHANNEL } from '../settings/release-store.ts';
import { Watchers } from './watchers.ts';

/** Tells this replica's streams and long polls what any replica published: Postgres notifies, and each reconnection catches up. */
@Injectable()
export class ReleaseFeed implements OnApplicationBootstrap, OnModuleDestroy {
  #listener: PgListener | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Watchers) private readonly watchers: Watchers,
    @Inject(LongPolls) private readonly polls: LongPolls,
    @Inject(Health) private readonly health: Health,
  ) {}

  onApplicationBootstrap(): void {
    const listener = new PgListener(
      this.database.url,
      RELEASES_CHANNEL,
      (payload) => {
        const [key, version] = payload?.split('@') ?? [];
        for (const waiting of [this.watchers, this.polls]) {
          if (key && version) waiting.notified(key, Number(version));
          else void waiting.catchUp();
        }
      },
      { heartbeatMs: 5_000, timeoutMs: 3_000 },
    );
    this.#listener = listener;
    this.health.addCheck('release feed', () =>
      listener.connected ? { ok: true } : { ok: false, reason: 'does not hear of releases: Postgres is away' },
    );
  }

  async onModuleDestroy(): Promise<void> {
    await this.#listener?.close();
  }
}
