import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database, PgListener } from '@rookery/database';
import { Health } from '@rookery/observability';
import { RELEASES_CHANNEL } from '../settings/release-store.ts';
import { Watchers } from './watchers.ts';

/** Tells this replica's watchers what any replica published: Postgres notifies, and each reconnection catches up. */
@Injectable()
export class ReleaseFeed implements OnApplicationBootstrap, OnModuleDestroy {
  #listener: PgListener | undefined;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Watchers) private readonly watchers: Watchers,
    @Inject(Health) private readonly health: Health,
  ) {}

  onApplicationBootstrap(): void {
    const listener = new PgListener(
      this.database.url,
      RELEASES_CHANNEL,
      (payload) => {
        const [key, version] = payload?.split('@') ?? [];
        if (key && version) this.watchers.notified(key, Number(version));
        else void this.watchers.catchUp();
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
