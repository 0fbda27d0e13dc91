import { Inject, Injectable } from '@nestjs/common';
import type { Format } from '@rookery/config';
import { Database, type Transaction } from '@rookery/database';
import { type Kysely, sql } from 'kysely';
import { errors } from '../errors.ts';
import { checkSettings } from '../settings/check-settings.ts';
import type { Release } from '../settings/release.ts';
import type { Publication } from '../settings/release-rows.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { keyText, rowsOf, type SettingKey } from '../settings/setting-key.ts';
import type { ConfigDatabase } from '../tables.ts';
import { type Draft, type Edits, toDraft } from './draft.ts';
import { editTree } from './edit-tree.ts';
import { mergeThree } from './merge-three.ts';

type Written = Pick<Publication, 'settings' | 'format' | 'content'>;

/** Who edits, and which revision they saw; 0: that there was no draft. */
export interface Editor {
  author: string | undefined;
  expectedRevision?: number | undefined;
}

/** The drafts in Postgres, one for a key. */
@Injectable()
export class DraftStore {
  constructor(
    @Inject(Database) private readonly database: Database<ConfigDatabase>,
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
  ) {}

  async show(key: SettingKey): Promise<Draft> {
    const draft = await this.find(key, this.database.kysely);
    if (!draft) throw errors.draftUnknown();
    return draft;
  }

  /** Writes the whole tree. */
  put(key: SettingKey, written: Written, editor: Editor): Promise<Draft> {
    return this.#edit(key, editor, async (trx, draft) => ({
      ...written,
      baseVersion: draft?.baseVersion ?? (await this.releases.standing(key, trx)).main.version,
    }));
  }

  /** Changes settings of it; where there is no draft yet, of what was written last. */
  edit(key: SettingKey, edits: Edits, editor: Editor): Promise<Draft> {
    return this.#edit(key, editor, async (trx, draft) => {
      const { main, written } = await this.releases.standing(key, trx);
      const from = draft ?? { ...written, baseVersion: main.version };
      const format = from.format ?? 'json';
      if (format === 'text') throw errors.draftIsText();
      return { settings: editTree(from.settings, edits), format, baseVersion: from.baseVersion };
    });
  }

  /** Lays the draft over what is current now, where both did not change the same settings. */
  rebase(key: SettingKey, editor: Editor): Promise<Draft> {
    return this.#edit(key, editor, async (trx, draft) => {
      if (!draft) throw errors.draftUnknown();
      const { main, written } = await this.releases.standing(key, trx);
      const base: Publication =
        draft.baseVersion === 0 ? { settings: {} } : await this.releases.writtenAt(key, draft.baseVersion);
      const { tree, conflicts } = mergeThree(base.settings, draft.settings, written.settings);
      if (conflicts.length > 0) throw errors.draftConflicts(conflicts, draft.baseVersion, main.version);
      const isSame = JSON.stringify(tree) === JSON.stringify(draft.settings);
      return {
        settings: tree,
        format: draft.format,
        content: isSame ? draft.content : null,
        baseVersion: main.version,
      };
    });
  }

  discard(key: SettingKey, { expectedRevision }: Pick<Editor, 'expectedRevision'>): Promise<void> {
    return this.database.transaction(async (trx) => {
      await this.hold(trx, key);
      const draft = await this.find(key, trx);
      if (!draft) throw errors.draftUnknown();
      checkRevision(expectedRevision, draft);
      await this.remove(key, trx);
    });
  }

  /** Releases the draft as it is and ends it, in the transaction. A release since it was begun is `CONFIG_CONFLICT`. */
  async publishWithin(
    trx: Transaction<ConfigDatabase>,
    key: SettingKey,
    { author, expectedRevision, comment }: Editor & { comment?: string | null | undefined },
  ): Promise<{ before: Release; release: Release }> {
    await this.hold(trx, key);
    const draft = await this.find(key, trx);
    if (!draft) throw errors.draftUnknown();
    checkRevision(expectedRevision, draft);
    const { settings, format, content, baseVersion: expectedVersion } = draft;
    const published = { settings, format, content, author, comment, expectedVersion };
    const result = await this.releases.publishWithin(trx, key, published);
    await this.remove(key, trx);
    return result;
  }

  async find(key: SettingKey, within: Kysely<ConfigDatabase>): Promise<Draft | undefined> {
    const row = await within
      .selectFrom('setting_drafts')
      .selectAll()
      .where((rows) => rows.and(rowsOf(key)))
      .executeTakeFirst();
    return row && toDraft(row);
  }

  /** Until the transaction ends, nobody else changes the draft of the key. */
  async hold(trx: Transaction<ConfigDatabase>, key: SettingKey): Promise<void> {
    await sql`select pg_advisory_xact_lock(${lockOf(key)})`.execute(trx);
  }

  /** That, unless somebody has it. */
  async tryHold(trx: Transaction<ConfigDatabase>, key: SettingKey): Promise<boolean> {
    const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_xact_lock(${lockOf(key)}) as held`.execute(
      trx,
    );
    return rows[0]?.held ?? false;
  }

  async remove(key: SettingKey, trx: Transaction<ConfigDatabase>): Promise<void> {
    await trx
      .deleteFrom('setting_drafts')
      .where((rows) => rows.and(rowsOf(key)))
      .execute();
  }

  async #edit(
    key: SettingKey,
    { author, expectedRevision }: Editor,
    work: (trx: Transaction<ConfigDatabase>, draft: Draft | undefined) => Promise<Written & { baseVersion: number }>,
  ): Promise<Draft> {
    this.releases.checkWritable(key);
    return this.database.transaction(async (trx) => {
      await this.hold(trx, key);
      const draft = await this.find(key, trx);
      checkRevision(expectedRevision, draft);
      if (draft?.schedule) throw errors.draftScheduled(draft.schedule.at);
      const { settings, format = 'json' satisfies Format, content, baseVersion } = await work(trx, draft);
      checkSettings(settings);
      const facts = {
        settings: JSON.stringify(settings),
        format,
        content: content ?? null,
        base_version: baseVersion,
        author: author ?? null,
        edited_at: sql<Date>`now()`,
        failed_at: null,
        failure: null,
        revision: sql<string>`nextval('setting_draft_revisions')`,
      };
      const row = await trx
        .insertInto('setting_drafts')
        .values({ ...rowsOf(key), ...facts })
        .onConflict((conflict) => conflict.columns(['namespace', 'group_name', 'service']).doUpdateSet(facts))
        .returningAll()
        .executeTakeFirstOrThrow();
      return toDraft(row);
    });
  }
}

const lockOf = (key: SettingKey) => sql`hashtextextended(${`draft ${keyText(key)}`}, 0)`;

export function checkRevision(expected: number | undefined, draft: Draft | undefined): void {
  const current = draft?.revision ?? 0;
  if (expected !== undefined && expected !== current) throw errors.draftConflict(expected, current);
}
