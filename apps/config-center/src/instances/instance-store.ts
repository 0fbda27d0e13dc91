import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Database } from '@rookery/database';
import { LOGGER, type Logger } from '@rookery/observability';
import { sql } from 'kysely';
import { rowsOf, type SettingKey } from '../settings/setting-key.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { Instance, Report } from './instance.ts';

const LISTED = 1_000;
const FORGET_EVERY_MS = 3_600_000;
const FORGOTTEN_AFTER = sql<Date>`now() - interval '1 day'`;

/** What each instance said of the releases it got. */
@Injectable()
export class InstanceStore implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      this.forgetOld().catch((error: unknown) => this.logger.warn({ error }, 'old instances not removed'));
    }, FORGET_EVERY_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  async report(key: SettingKey, { instance, version, applied, reason }: Report): Promise<void> {
    const state = applied
      ? { applied_version: version }
      : { refused_version: version, refused_reason: reason ?? 'no reason given' };
    await this.database.kysely
      .insertInto('setting_instances')
      .values({ ...rowsOf(key), instance, ...state })
      .onConflict((conflict) =>
        conflict.columns(['namespace', 'group_name', 'service', 'instance']).doUpdateSet({
          ...state,
          seen_at: sql`now()`,
        }),
      )
      .execute();
  }

  /** The instances of a key that were heard of within a day, the newest first. */
  async list(key: SettingKey, aliveMs: number): Promise<Instance[]> {
    const rows = await this.database.kysely
      .selectFrom('setting_instances')
      .selectAll()
      .select(sql<boolean>`seen_at > now() - make_interval(secs => ${aliveMs / 1_000})`.as('alive'))
      .where((row) => row.and(rowsOf(key)))
      .where('seen_at', '>', FORGOTTEN_AFTER)
      .orderBy('seen_at', 'desc')
      .limit(LISTED)
      .execute();
    return rows.map((row) => ({
      instance: row.instance,
      alive: row.alive,
      appliedVersion: row.applied_version,
      refused:
        row.refused_version !== null && row.refused_version > (row.applied_version ?? 0)
          ? { version: row.refused_version, reason: row.refused_reason ?? '' }
          : null,
      seenAt: row.seen_at.toISOString(),
    }));
  }

  /** Ids of the instances of a key that were heard of within the last `ms`. */
  async seenSince(key: SettingKey, ms: number): Promise<Set<string>> {
    const rows = await this.database.kysely
      .selectFrom('setting_instances')
      .select('instance')
      .where((row) => row.and(rowsOf(key)))
      .where('seen_at', '>', sql<Date>`now() - make_interval(secs => ${ms / 1_000})`)
      .execute();
    return new Set(rows.map(({ instance }) => instance));
  }

  /** Removes what was not heard of for a day. */
  async forgetOld(): Promise<void> {
    await this.database.kysely.deleteFrom('setting_instances').where('seen_at', '<', FORGOTTEN_AFTER).execute();
  }
}
