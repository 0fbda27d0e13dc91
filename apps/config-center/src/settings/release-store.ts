import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { sql, type Transaction } from 'kysely';
import { errors } from '../errors.ts';
import { GIT_SOURCES, type GitSources } from '../git/git-source.ts';
import type { GreyRule } from '../grey/grey-rule.ts';
import { composeRelease, placeOf } from '../model/compose-release.ts';
import type { EnvironmentModel } from '../model/environment-model.ts';
import { holdModel, ModelStore } from '../model/model-store.ts';
import { dependentsOf } from '../model/resolution.ts';
import { checkAgainst } from '../schemas/check-schema.ts';
import { SchemaStore } from '../schemas/schema-store.ts';
import { Secrets } from '../secrets/secrets.ts';
import type { ConfigDatabase } from '../tables.ts';
import { checkSettings } from './check-settings.ts';
import { holdKeys, keyAt } from './hold-keys.ts';
import type { Release, ReleaseFacts } from './release.ts';
import { FACTS, type Publication, toFacts, toRelease, toRow, toStanding, toWritten } from './release-rows.ts';
import { keyText, rowsOf, type SettingKey } from './setting-key.ts';
import { isNews, NOTHING_STANDS, type Standing } from './standing.ts';
import { withoutKeeping } from './without-keeping.ts';

/** Postgres channel on which replicas hear of releases; the payload is `<key>@<version>`. */
export const RELEASES_CHANNEL = 'rookery_config_releases';

/** So many places may follow from one: an inherited namespace in every group. */
const MOST_DEPENDENTS = 1_000;

/** The releases in Postgres. Reads go there each time, so an answer is never older than a notification. */
@Injectable()
export class ReleaseStore {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(SchemaStore) private readonly schemas: SchemaStore,
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(GIT_SOURCES) private readonly repositories: GitSources,
  ) {}

  /** The release that is for all. */
  async current(key: SettingKey): Promise<Release> {
    return (await this.standing(key)).main;
  }

  /** That, and the grey release where there is one. */
  standing(key: SettingKey, within: Database<ConfigDatabase>['kysely'] = this.database.kysely): Promise<Standing> {
    return this.#standing(key, within);
  }

  async at(key: SettingKey, version: number): Promise<Release> {
    const row = await this.#rows(key).selectAll().where('version', '=', version).executeTakeFirst();
    if (row) return toRelease(row);
    throw errors.versionUnknown(version, (await this.current(key)).version);
  }

  /** What was written by a release, without what it inherited. */
  async writtenAt(key: SettingKey, version: number): Promise<Publication> {
    const row = await this.#rows(key).selectAll().where('version', '=', version).executeTakeFirst();
    if (row) return toWritten(row);
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
    return this.database.transaction(async (trx) => (await this.publishWithin(trx, key, publication)).release);
  }

  /** That, in a transaction in which more happens; also what was current before. */
  publishWithin(
    trx: Transaction<ConfigDatabase>,
    key: SettingKey,
    publication: Publication,
  ): Promise<{ before: Release; release: Release }> {
    if (!publication.fromGit) this.checkWritable(key);
    return this.#aloneWithin(trx, key, async (model, { main, grey, written }) => {
      const { expectedVersion } = publication;
      if (expectedVersion !== undefined && expectedVersion !== main.version) {
        throw errors.conflict(expectedVersion, main.version);
      }
      if (grey) throw errors.greyActive(grey.release.version);
      const accepted = this.secrets.accept(key, publication, written.settings);
      return { before: main, release: await this.#append(trx, model, key, main.version + 1, accepted) };
    });
  }

  /** Refuses a key of an environment whose source is a repository. */
  checkWritable({ namespace }: SettingKey): void {
    const source = this.repositories.byEnvironment.get(namespace);
    if (source) throw errors.readOnly(namespace, source.url);
  }

  /** What {@link publish} would do, and refuse; nothing of it is kept. */
  async tryOut(key: SettingKey, publication: Publication): Promise<{ before: Release; release: Release }> {
    return withoutKeeping(this.database, (trx) => this.publishWithin(trx, key, publication));
  }

  /** Makes a place what the model and its bases say it is, where that has changed. The environment must be held. */
  async follow(
    trx: Transaction<ConfigDatabase>,
    model: EnvironmentModel,
    key: SettingKey,
    why: Pick<Publication, 'author' | 'comment'>,
  ): Promise<boolean> {
    const standing = await this.#standing(key, trx);
    const { main, grey, written } = standing;
    const next = (grey?.release.version ?? main.version) + 1;
    try {
      if (!isNews(standing, await composeRelease(trx, model, key, next, written))) return false;
      await this.#append(trx, model, key, next, { ...written, ...why });
      if (grey) await this.#append(trx, model, key, next + 1, { ...grey.written, ...why }, grey.rule);
    } catch (error) {
      throw error instanceof RookeryError ? errors.dependentRefused(keyText(key), error) : error;
    }
    return true;
  }

  /** Publishes for those whom the rule takes. Who had the grey release before, and is not among them, goes back. */
  publishGrey(key: SettingKey, rule: GreyRule, publication: Publication): Promise<Release> {
    return this.#alone(key, async (trx, model, { main, grey, written }) => {
      if (main.version === 0) throw errors.greyNeedsRelease();
      let next = (grey?.release.version ?? main.version) + 1;
      if (grey) {
        const { author } = publication;
        const comment = `grey release ${grey.release.version} replaced`;
        await this.#append(trx, model, key, next, { ...written, author, comment });
        next += 1;
      }
      const accepted = this.secrets.accept(key, publication, written.settings);
      return this.#append(trx, model, key, next, accepted, rule);
    });
  }

  /** Makes the next version for all: of the grey release, or of what the others have. */
  endGrey(
    key: SettingKey,
    how: 'promote' | 'abandon',
    { author, comment }: Pick<Publication, 'author' | 'comment'>,
  ): Promise<Release> {
    return this.#alone(key, (trx, model, { grey, written }) => {
      if (!grey) throw errors.greyUnknown();
      const { version } = grey.release;
      const why = comment ?? `grey release ${version} ${how === 'promote' ? 'promoted' : 'abandoned'}`;
      const next = how === 'promote' ? grey.written : written;
      return this.#append(trx, model, key, version + 1, { ...next, author, comment: why });
    });
  }

  async #alone(
    key: SettingKey,
    work: (trx: Transaction<ConfigDatabase>, model: EnvironmentModel, standing: Standing) => Promise<Release>,
  ): Promise<Release> {
    this.checkWritable(key);
    return this.database.transaction((trx) =>
      this.#aloneWithin(trx, key, (model, standing) => work(trx, model, standing)),
    );
  }

  /** Runs the work while nobody else changes the key or what follows from it, and has that follow. */
  async #aloneWithin<T>(
    trx: Transaction<ConfigDatabase>,
    key: SettingKey,
    work: (model: EnvironmentModel, standing: Standing) => Promise<T>,
  ): Promise<T> {
    await holdModel(trx, key.namespace);
    const model = await this.models.of(key.namespace, trx);
    const dependents = dependentsOf(model, placeOf(key)).map((place) => keyAt(key.namespace, place));
    if (dependents.length > MOST_DEPENDENTS) throw errors.tooManyDependents(dependents.length, MOST_DEPENDENTS);
    await holdKeys(trx, [key, ...dependents]);
    const result = await work(model, await this.#standing(key, trx));
    for (const each of dependents) await this.follow(trx, model, each, { comment: `follows ${keyText(key)}` });
    return result;
  }

  async #append(
    trx: Transaction<ConfigDatabase>,
    model: EnvironmentModel,
    key: SettingKey,
    version: number,
    publication: Publication,
    rule?: GreyRule,
  ): Promise<Release> {
    const { columns, ...served } = await composeRelease(trx, model, key, version, publication);
    if (columns.own !== null) checkSettings(served.settings);
    const schema = served.removed ? undefined : await this.schemas.of(key, trx);
    if (schema) checkAgainst(schema, served.settings, served.format ?? 'json');
    const row = await trx
      .insertInto('setting_releases')
      .values({
        ...rowsOf(key),
        version,
        ...toRow({ ...publication, ...served }),
        ...columns,
        grey: rule ? JSON.stringify(rule) : null,
      })
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
    return toStanding(rows) ?? NOTHING_STANDS;
  }

  #rows(key: SettingKey) {
    return this.database.kysely.selectFrom('setting_releases').where((rows) => rows.and(rowsOf(key)));
  }
}
