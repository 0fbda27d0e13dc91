import type { Migration } from '@rookery/database';
import { sql } from 'kysely';

/** The provider's schema; a step that has run anywhere is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-provider': {
    async up(db) {
      await db.schema
        .createTable('oidc_payloads')
        .addColumn('model', 'text', (column) => column.notNull())
        .addColumn('id', 'text', (column) => column.notNull())
        .addColumn('payload', 'jsonb', (column) => column.notNull())
        .addColumn('grant_id', 'text')
        .addColumn('uid', 'text')
        .addColumn('user_code', 'text')
        .addColumn('consumed_at', 'timestamptz')
        .addColumn('expires_at', 'timestamptz')
        .addPrimaryKeyConstraint('oidc_payloads_pk', ['model', 'id'])
        .execute();
      for (const column of ['grant_id', 'uid', 'user_code', 'expires_at']) {
        await db.schema.createIndex(`oidc_payloads_${column}`).on('oidc_payloads').column(column).execute();
      }
      await db.schema
        .createTable('accounts')
        .addColumn('id', 'uuid', (column) => column.primaryKey())
        .addColumn('username', 'text', (column) => column.notNull().unique())
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('must_change', 'boolean', (column) => column.notNull())
        .addColumn('roles', sql`text[]`, (column) => column.notNull())
        .addColumn('permissions', sql`text[]`, (column) => column.notNull())
        .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
        .execute();
      await db.schema
        .createTable('clients')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('secret_hash', 'text')
        .addColumn('redirect_uris', sql`text[]`, (column) => column.notNull())
        .addColumn('roles', sql`text[]`, (column) => column.notNull())
        .addColumn('permissions', sql`text[]`, (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('signing_keys')
        .addColumn('kid', 'text', (column) => column.primaryKey())
        .addColumn('jwk', 'jsonb', (column) => column.notNull())
        .addColumn('created_at', 'timestamptz', (column) => column.notNull())
        .execute();
      await db.schema
        .createTable('cookie_keys')
        .addColumn('key', 'text', (column) => column.primaryKey())
        .addColumn('created_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
        .execute();
    },
  },
  '0002-device-code': {
    async up(db) {
      await db.schema
        .alterTable('clients')
        .addColumn('device_code', 'boolean', (column) => column.notNull().defaultTo(false))
        .execute();
    },
  },
  '0003-disabled-accounts': {
    async up(db) {
      await db.schema
        .alterTable('accounts')
        .addColumn('disabled', 'boolean', (column) => column.notNull().defaultTo(false))
        .execute();
    },
  },
};
