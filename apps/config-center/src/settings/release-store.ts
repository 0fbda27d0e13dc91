import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { sql, type Transaction } from 'kysely';
import { errors } from '../errors.ts';
import type { GreyRule } from '../grey/grey-rule.ts';
import { checkAgainst } from '../schemas/check-schema.ts';
import { SchemaStore } from '../schemas/schema-store.ts';
import type { ConfigDatabase } from '../tables.ts';
import { NO_RELEASE, type Release, type ReleaseFacts } from './release.ts';
import { FACTS, type Publication, toFacts, toRelease, toRow, toStanding } from './release-rows.ts';
import { keyText, rowsOf, type SettingKey } from './setting-key.ts';
import type { Standing } from './standing.ts';

/** Postgres channel on which replicas hear of releases; the payload is `<key>@<version>`. */
export const RELEASES_CHANNEL = 'rookery_config_releases';

/** The releases in Postgres. Reads go there each time, so an answer is never older than a notification. */
@Injectable()
export class ReleaseStore {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(SchemaStore) private readonly schemas: SchemaStore,
  ) {}

  /** The release that is for all. */
  async current(key: SettingKey): Promise<Release> {
    return (await this.standing(key)).main;
  }

  /** That, and the grey release where there is one. */
  standing(key: SettingKey): Promise<Standing> {
    return this.#standing(key, this.database.kysely);
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

  /** The newest versions, grey ones too, of many keys in one question; keys without a release are left out. */
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
    return this.#alone(key, async (trx, { main, grey }) => {
      const { expectedVersion } = publication;
      if (expectedVersion !== undefined && expectedVersion !== main.version) {
        throw errors.conflict(expectedVersion, main.version);
      }
      if (grey) throw errors.greyActive(grey.release.version);
      return this.#append(trx, key, main.version + 1, publication);
    });
  }

  /** What {@link publish} would refuse is refused; nothing is stored. Answers what is current. */
  async tryOut(key: SettingKey, { settings, format, expectedVersion }: Publication): Promise<Release> {
    const { main, grey } = await this.standing(key);
    if (expectedVersion !== undefined && expectedVersion !== main.version) {
      throw errors.conflict(expectedVersion, main.version);
    }
    if (grey) throw errors.greyActive(grey.release.version);
    const schema = await this.schemas.of(key);
    if (schema) checkAgainst(schema, settings, format ?? 'json');
    return main;
  }

  /** Publishes for those whom the rule takes. Who had the grey release before, and is not among them, goes back. */
  publishGrey(key: SettingKey, rule: GreyRule, publication: Publication): Promise<Release> {
    return this.#alone(key, async (trx, { main, grey }) => {
      if (main.version === 0) throw errors.greyNeedsRelease();
      let next = (grey?.release.version ?? main.version) + 1;
      if (grey) {
        const { author } = publication;
        await this.#append(trx, key, next, {
          ...main,
          author,
          comment: `grey release ${grey.release.version} replaced`,
        });
        next += 1;
      }
      return this.#append(trx, key, next, publication, rule);
    });
  }

  /** Makes the next version for all: of the grey release, or of what the others have. */
  endGrey(
    key: SettingKey,
    how: 'promote' | 'abandon',
    { author, comment }: Pick<Publication, 'author' | 'comment'>,
  ): Promise<Release> {
    return this.#alone(key, (trx, { main, grey }) => {
      if (!grey) throw errors.greyUnknown();
      const { version } = grey.release;
      const { settings, format, content, removed } = how === 'promote' ? grey.release : main;
      const why = comment ?? `grey release ${version} ${how === 'promote' ? 'promoted' : 'abandoned'}`;
      return this.#append(trx, key, version + 1, { settings, format, content, removed, author, comment: why });
    });
  }

  /** Runs the work while nobody else changes the key. */
  #alone(
    key: SettingKey,
    work: (trx: Transaction<ConfigDatabase>, standing: Standing) => Promise<Release>,
  ): Promise<Release> {
    return this.database.transaction(async (trx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${keyText(key)}, 0))`.execute(trx);
      return work(trx, await this.#standing(key, trx));
    });
  }

  async #append(
    trx: Transaction<ConfigDatabase>,
    key: SettingKey,
    version: number,
    publication: Publication,
    rule?: GreyRule,
  ): Promise<Release> {
    const schema = publication.removed ? undefined : await this.schemas.of(key, trx);
    if (schema) checkAgainst(schema, publication.settings, publication.format ?? 'json');
    const row = await trx
      .insertInto('setting_releases')
      .values({ ...rowsOf(key), version, ...toRow(publication), grey: rule ? JSON.stringify(rule) : null })
      .returningAll()
      .executeTakeFirstOrThrow();
    await sql`select pg_notify(${RELEASES_CHANNEL}, ${`${keyText(key)}@${version}`})`.execute(trx);
    return toRelease(row);
  }

  /** A grey release is the newest row, and the one below it is for all. */
  async #standing(key: SettingKey, within: Transaction<ConfigDatabase> | Database<ConfigDatabase>['kysely']) {
    const rows = await within
      .selectFrom('setting_releases')
      .selectAll()
      .where((where) => where.and(rowsOf(key)))
      .orderBy('version', 'desc')
      .limit(2)
      .execute();
    return toStanding(rows) ?? { main: NO_RELEASE };
  }

  #rows(key: SettingKey) {
    return this.database.kysely.selectFrom('setting_releases').where((rows) => rows.and(rowsOf(key)));
  }
}
