import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@rookery/database';
import { type Selectable, sql } from 'kysely';
import { ModelChanges } from '../model/model-changes.ts';
import { holdEnvironment, ModelStore } from '../model/model-store.ts';
import { BulkPublisher } from '../settings/bulk-publisher.ts';
import type { Publication } from '../settings/release-rows.ts';
import type { ConfigDatabase } from '../tables.ts';
import type { GitLabel } from './git-labels.ts';

export type LabelState = Selectable<ConfigDatabase['config_git_labels']>;

/** What of a label is to be in force. */
export interface Taking {
  environment: string;
  group: string;
  label: GitLabel;
  /** The commit that was in force when this was decided: another replica may have been faster. */
  seen: string | null;
  written: ReadonlyMap<string, Publication>;
  comment: string;
}

/** Puts commits in force: all of the files of a label in one transaction, or nothing. */
@Injectable()
export class GitTaker {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ModelStore) private readonly models: ModelStore,
    @Inject(ModelChanges) private readonly changes: ModelChanges,
    @Inject(BulkPublisher) private readonly publisher: BulkPublisher,
  ) {}

  async states(environment: string): Promise<Map<string, LabelState>> {
    const rows = await this.database.kysely
      .selectFrom('config_git_labels')
      .selectAll()
      .where('environment', '=', environment)
      .orderBy('group_name')
      .execute();
    return new Map(rows.map((row) => [row.group_name, row]));
  }

  async take({ environment, group, label, seen, written, comment }: Taking): Promise<void> {
    await this.#alone(environment, group, seen, async (trx) => {
      await this.#publish(trx, environment, group, written, comment);
      const good = { label: label.name, commit: label.commit, taken_at: sql<Date>`now()` };
      const row = { ...good, failed_commit: null, failed_at: null, failure: null };
      await trx
        .insertInto('config_git_labels')
        .values({ environment, group_name: group, ...row })
        .onConflict((conflict) => conflict.columns(['environment', 'group_name']).doUpdateSet(row))
        .execute();
    });
  }

  /** The label is gone, and what was read from it with it. */
  async drop(environment: string, group: string, seen: string | null): Promise<void> {
    await this.#alone(environment, group, seen, async (trx) => {
      await this.#publish(trx, environment, group, new Map(), 'the label is gone');
      await trx
        .deleteFrom('config_git_labels')
        .where((row) => row.and({ environment, group_name: group }))
        .execute();
    });
  }

  /** What was in force stays; why the newer commit is not is shown. */
  async refuse(environment: string, group: string, label: GitLabel, failure: string): Promise<void> {
    const row = { failed_commit: label.commit, failed_at: sql<Date>`now()`, failure };
    await this.database.kysely
      .insertInto('config_git_labels')
      .values({ environment, group_name: group, label: label.name, commit: null, taken_at: null, ...row })
      .onConflict((conflict) => conflict.columns(['environment', 'group_name']).doUpdateSet(row))
      .execute();
  }

  async #publish(
    trx: Transaction<ConfigDatabase>,
    environment: string,
    group: string,
    written: ReadonlyMap<string, Publication>,
    comment: string,
  ): Promise<void> {
    const places = await this.changes.places(trx, environment, await this.models.of(environment, trx));
    const gone = places.filter((place) => place.group === group && !written.has(place.name));
    await this.publisher.publishAll(
      trx,
      environment,
      [
        ...[...written].map(([name, each]) => ({ place: { group, name }, written: each })),
        ...gone.map((place) => ({ place, written: { settings: {}, removed: true } })),
      ],
      { author: 'git', comment, fromGit: true },
    );
  }

  /** Once a label is at another commit than was seen, somebody else has been here. */
  #alone(
    environment: string,
    group: string,
    seen: string | null,
    work: (trx: Transaction<ConfigDatabase>) => Promise<void>,
  ): Promise<void> {
    return this.database.transaction(async (trx) => {
      await holdEnvironment(trx, environment);
      const state = await trx
        .selectFrom('config_git_labels')
        .select('commit')
        .where((row) => row.and({ environment, group_name: group }))
        .executeTakeFirst();
      if ((state?.commit ?? null) === seen) await work(trx);
    });
  }
}
