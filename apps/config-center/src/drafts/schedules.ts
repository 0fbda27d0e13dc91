import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { sql } from 'kysely';
import { errors } from '../errors.ts';
import { rowsOf, type SettingKey } from '../settings/setting-key.ts';
import { withoutKeeping } from '../settings/without-keeping.ts';
import type { ConfigDatabase } from '../tables.ts';
import { type Draft, toDraft } from './draft.ts';
import { checkRevision, DraftStore, type Editor } from './draft-store.ts';

const LISTED = 1_000;
const AT_ONCE = 50;
const LONGEST_AHEAD_MS = 366 * 86_400_000;
const DUE = sql<boolean>`release_at <= now()`;

/** The drafts whose release has a time. Postgres' clock says when that is, for all replicas alike. */
@Injectable()
export class Schedules {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(DraftStore) private readonly drafts: DraftStore,
  ) {}

  async list(): Promise<(SettingKey & Pick<Draft, 'schedule' | 'failure'>)[]> {
    const rows = await this.database.kysely
      .selectFrom('setting_drafts')
      .selectAll()
      .where((row) => row.or([row('release_at', 'is not', null), row('failed_at', 'is not', null)]))
      .orderBy(sql`coalesce(release_at, failed_at)`)
      .limit(LISTED)
      .execute();
    return rows.map((row) => {
      const { schedule, failure } = toDraft(row);
      return { namespace: row.namespace, group: row.group_name, service: row.service, schedule, failure };
    });
  }

  async set(key: SettingKey, at: Date, comment: string | undefined, editor: Editor): Promise<Draft> {
    const aheadMs = at.getTime() - Date.now();
    if (aheadMs <= 0 || aheadMs > LONGEST_AHEAD_MS) throw errors.scheduleInvalid('in the future, within a year');
    const draft = await this.drafts.show(key);
    checkRevision(editor.expectedRevision, draft);
    const seen = { ...editor, expectedRevision: draft.revision };
    await withoutKeeping(this.database, (trx) => this.drafts.publishWithin(trx, key, seen));
    return this.#change(key, draft.revision, {
      release_at: at,
      scheduled_by: editor.author ?? null,
      comment: comment ?? null,
      failed_at: null,
      failure: null,
    });
  }

  cancel(key: SettingKey): Promise<Draft> {
    return this.#change(key, undefined, { release_at: null, scheduled_by: null, comment: null }, (draft) => {
      if (!draft.schedule) throw errors.scheduleUnknown();
    });
  }

  /** Releases the drafts that are due and that no other replica is at; answers how many of them are done with. */
  async releaseDue(): Promise<number> {
    const rows = await this.database.kysely
      .selectFrom('setting_drafts')
      .select(['namespace', 'group_name', 'service'])
      .where(DUE)
      .orderBy('release_at')
      .limit(AT_ONCE)
      .execute();
    let done = 0;
    for (const { namespace, group_name: group, service } of rows) {
      if (await this.#release({ namespace, group, service })) done += 1;
    }
    return done;
  }

  /** One replica holds the draft and releases it; another finds it held, or gone. */
  async #release(key: SettingKey): Promise<boolean> {
    try {
      return await this.database.transaction(async (trx) => {
        if (!(await this.drafts.tryHold(trx, key))) return false;
        const row = await trx
          .selectFrom('setting_drafts')
          .select(['scheduled_by', 'comment'])
          .where((rows) => rows.and(rowsOf(key)))
          .where(DUE)
          .executeTakeFirst();
        if (!row) return false;
        const { scheduled_by, comment } = row;
        await this.drafts.publishWithin(trx, key, { author: scheduled_by ?? undefined, comment });
        return true;
      });
    } catch (error) {
      // Postgres that is away is no reason to give up: the draft is still due.
      if (!(error instanceof RookeryError) || error.status >= 500) throw error;
      await this.#fail(key, error.message);
      return true;
    }
  }

  async #fail(key: SettingKey, reason: string): Promise<void> {
    await this.database.kysely
      .updateTable('setting_drafts')
      .set({ release_at: null, failed_at: sql<Date>`now()`, failure: reason })
      .where((row) => row.and(rowsOf(key)))
      .where(DUE)
      .execute();
  }

  #change(
    key: SettingKey,
    expectedRevision: number | undefined,
    columns: Partial<Record<'release_at' | 'failed_at', Date | null>> &
      Partial<Record<'scheduled_by' | 'comment' | 'failure', string | null>>,
    check: (draft: Draft) => void = () => {},
  ): Promise<Draft> {
    return this.database.transaction(async (trx) => {
      await this.drafts.hold(trx, key);
      const draft = await this.drafts.find(key, trx);
      if (!draft) throw errors.draftUnknown();
      checkRevision(expectedRevision, draft);
      check(draft);
      const row = await trx
        .updateTable('setting_drafts')
        .set(columns)
        .where((rows) => rows.and(rowsOf(key)))
        .returningAll()
        .executeTakeFirstOrThrow();
      return toDraft(row);
    });
  }
}
