import type { Migration } from '@rookery/database';
import { sql } from 'kysely';

/** What an environment declares, and beside each release what was written where that is not what is served. */
export const modelMigration: Migration = {
  async up(db) {
    await db.schema
      .createTable('config_environments')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('description', 'text')
      .addColumn('author', 'text')
      .addColumn('set_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .execute();
    await db.schema
      .createTable('config_groups')
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('falls_back_to', 'text')
      .addColumn('description', 'text')
      .addColumn('author', 'text')
      .addColumn('set_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint('config_groups_pk', ['environment', 'name'])
      .execute();
    await db.schema
      .createTable('config_namespaces')
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('app', 'text')
      .addColumn('inherits', 'text')
      .addColumn('description', 'text')
      .addColumn('author', 'text')
      .addColumn('set_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
      .addPrimaryKeyConstraint('config_namespaces_pk', ['environment', 'name'])
      .execute();
    await db.schema.alterTable('setting_releases').addColumn('own', 'jsonb').addColumn('made_of', 'jsonb').execute();
  },
};
