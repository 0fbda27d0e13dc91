import { Inject, Injectable } from '@nestjs/common';
import type { Format } from '@rookery/config';
import { Database } from '@rookery/database';
import { type Selectable, sql, type Transaction } from 'kysely';
import { errors } from '../errors.ts';
import type { ConfigDatabase } from '../tables.ts';
import { NO_RELEASE, type Release, type ReleaseFacts } from './release.ts';
import { keyText, rowsOf, type SettingKey } from './setting-key.ts';

/** Postgres channel on which replicas hear of releases; the payload is `<key>@<version>`. */
export const RELEASES_CHANNEL = 'rookery_config_releases';

export interface Publication {
  settings: Record<string, unknown>;
  /** `json` when not given. */
  format?: Format | undefined;
  /** The text that the settings were written as. */
  content?: string | null | undefined;
  /** The key is gone for who asks for a document; nothing is left of its settings. */
  removed?: boolean | undefined;
  author?: string | undefined;
  comment?: string | undefined;
  rolledBackFrom?: number | undefined;
  /** The version that the change starts from; not given: whichever is current. */
  expectedVersion?: number | undefined;
}

type Row = Selectable<ConfigDatabase['setting_releases']>;
const FACTS = ['version', 'author', 'comment', 'rolled_back_from', 'format', 'removed', 'published_at'] as const;

/** The releases in Postgres. Reads go there each time, so an answer is never older than a notification. */
@Injectable()
export class ReleaseStore {
  constructor(@Inject(Database) private readonly database: Database<ConfigDatabase>) {}

  async current(key: SettingKey): Promise<Release> {
    const row = await this.#rows(key).selectAll().orderBy('version', 'desc').limit(1).executeTakeFirst();
    return row ? toRelease(row) : NO_RELEASE;
  }

  async at(key: SettingKey, version: number): Promise<Release> {
    const row = await this.#rows(key).selectAll().where('version', '=', version).executeTakeFirst();
    if (row) return toRelease(row);
    throw errors.versionUnknown(version, (await this.current(key)).version);
  }

  async history(key: SettingKey, before: number, limit: number): Promise<ReleaseFacts[]> {
    const rows = await this.#rows(key)
      .select(FACTS)
      .where('version', '<', before)
      .orderBy('version', 'desc')
      .limit(limit)
      .execute();
    return rows.map(toFacts);
  }

  /** The current versions of many keys in one question; keys without a release are left out. */
  async versions(keys: readonly SettingKey[]): Promise<Map<string, number>> {
    if (keys.length === 0) return new Map();
    const texts = keys.map(keyText);
    const { rows } = await sql<{ key: string; version: number }>`
      select wanted.key, newest.version
      from unnest(${texts}::text[]) as wanted(key)
      cross join lateral (
        select version from setting_releases
        where namespace = split_part(wanted.key, '/', 1)
          and group_name = split_part(wanted.key, '/', 2)
          and service = split_part(wanted.key, '/', 3)
        order by version desc limit 1
      ) newest`.execute(this.database.kysely);
    return new Map(rows.map(({ key, version }) => [key, version]));
  }

  /** Stores the next version and tells every replica with the commit. A lost race is `CONFIG_CONFLICT`. */
  publish(key: SettingKey, publication: Publication): Promise<Release> {
    return this.database.transaction((trx) => this.#publish(trx, key, publication));
  }

  async #publish(trx: Transaction<ConfigDatabase>, key: SettingKey, publication: Publication): Promise<Release> {
    const text = keyText(key);
    await sql`select pg_advisory_xact_lock(hashtextextended(${text}, 0))`.execute(trx);
    const newest = await trx
      .selectFrom('setting_releases')
      .select(({ fn }) => fn.max('version').as('version'))
      .where((rows) => rows.and(rowsOf(key)))
      .executeTakeFirst();
    const current = newest?.version ?? 0;
    const { expectedVersion, settings, format, content, removed, author, comment, rolledBackFrom } = publication;
    if (expectedVersion !== undefined && expectedVersion !== current) throw errors.conflict(expectedVersion, current);
    const row = await trx
      .insertInto('setting_releases')
      .values({
        ...rowsOf(key),
        version: current + 1,
        settings: JSON.stringify(settings),
        format: format ?? 'json',
        content: content ?? null,
        removed: removed ?? false,
        author: author ?? null,
        comment: comment ?? null,
        rolled_back_from: rolledBackFrom ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await sql`select pg_notify(${RELEASES_CHANNEL}, ${`${text}@${row.version}`})`.execute(trx);
    return toRelease(row);
  }

  #rows(key: SettingKey) {
    return this.database.kysely.selectFrom('setting_releases').where((rows) => rows.and(rowsOf(key)));
  }
}

const toFacts = (row: Pick<Row, (typeof FACTS)[number]>): ReleaseFacts => ({
  version: row.version,
  author: row.author,
  comment: row.comment,
  rolledBackFrom: row.rolled_back_from,
  format: row.format as Format,
  removed: row.removed,
  publishedAt: row.published_at.toISOString(),
});

const toRelease = (row: Row): Release => ({ ...toFacts(row), settings: row.settings, content: row.content });
