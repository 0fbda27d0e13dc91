import type { Migration } from '@rookery/database';
import { sql } from 'kysely';

/** What is being written for a key and is not released yet, and when it is to be. */
export const draftsMigration: Migration = {
  async up(db) {
    await db.schema
      .createTable('setting_drafts')
      .addColumn('namespace', 'text', (column) => column.notNull())
      .addColumn('group_name', 'text', (column) => column.notNull())
      .addColumn('service', 'text', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('base_version', 'integer', (column) => column.notNull())
      .addColumn('settings', 'jsonb', (column) => column.notNull())
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('content', 'text')
      .addColumn('author', 'text')
      .addColumn('edited_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('release_at', 'timestamptz')
      .addColumn('scheduled_by', 'text')
      .addColumn('comment', 'text')
      .addColumn('failed_at', 'timestamptz')
      .addColumn('failure', 'text')
      .addPrimaryKeyConstraint('setting_drafts_pk', ['namespace', 'group_name', 'service'])
      .execute();
    // Counts over all drafts, so that a revision of a discarded one never stands for another.
    await sql`create sequence setting_draft_revisions`.execute(db);
    await db.schema
      .createIndex('setting_drafts_due')
      .on('setting_drafts')
      .column('release_at')
      .where(sql.ref('release_at'), 'is not', null)
      .execute();
  },
};
