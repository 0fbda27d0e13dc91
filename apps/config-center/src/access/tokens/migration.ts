import type { Migration } from '@rookery/database';
import { sql } from 'kysely';

/** Access tokens of the centre: of a token only its digest. */
export const accessTokens: Migration = {
  async up(db) {
    await db.schema
      .createTable('setting_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('namespace', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('roles', 'jsonb', (column) => column.notNull())
      .addColumn('digest', 'bytea', (column) => column.notNull())
      .addColumn('apollo_app_id', 'text')
      .addColumn('apollo_secret', 'text')
      .addColumn('issued_by', 'text')
      .addColumn('issued_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addColumn('expires_at', 'timestamptz', (column) => column.notNull())
      .addColumn('revoked_at', 'timestamptz')
      .addColumn('revoked_by', 'text')
      .execute();
    await db.schema
      .createIndex('setting_tokens_namespace')
      .on('setting_tokens')
      .columns(['namespace', 'issued_at'])
      .execute();
    await db.schema.createIndex('setting_tokens_apollo').on('setting_tokens').column('apollo_app_id').execute();
  },
};
