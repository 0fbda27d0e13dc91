import type { Migration } from '@rookery/database';
import { sql } from 'kysely';
import { accessTokens } from './access/tokens/migration.ts';
import { accessTokenNames } from './access/tokens/migration-names.ts';
import { draftsMigration } from './drafts/drafts-migration.ts';
import { gitMigration } from './git/git-migration.ts';
import { modelMigration } from './model/model-migration.ts';
import { placeholdersMigration } from './placeholders/placeholders-migration.ts';

/** The centre's schema, step by step; a step that has run anywhere is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-releases-and-instances': {
    async up(db) {
      await db.schema
        .createTable('setting_releases')
        .addColumn('namespace', 'text', (column) => column.notNull())
        .addColumn('group_name', 'text', (column) => column.notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addColumn('settings', 'jsonb', (column) => column.notNull())
        .addColumn('author', 'text')
        .addColumn('comment', 'text')
        .addColumn('rolled_back_from', 'integer')
        .addColumn('published_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
        .addPrimaryKeyConstraint('setting_releases_pk', ['namespace', 'group_name', 'service', 'version'])
        .execute();
      await db.schema
        .createTable('setting_instances')
        .addColumn('namespace', 'text', (column) => column.notNull())
        .addColumn('group_name', 'text', (column) => column.notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('instance', 'text', (column) => column.notNull())
        .addColumn('applied_version', 'integer')
        .addColumn('refused_version', 'integer')
        .addColumn('refused_reason', 'text')
        .addColumn('seen_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
        .addPrimaryKeyConstraint('setting_instances_pk', ['namespace', 'group_name', 'service', 'instance'])
        .execute();
      await db.schema.createIndex('setting_instances_seen').on('setting_instances').column('seen_at').execute();
    },
  },
  '0002-formats': {
    async up(db) {
      await db.schema
        .alterTable('setting_releases')
        .addColumn('format', 'text', (column) => column.notNull().defaultTo('json'))
        .addColumn('content', 'text')
        .addColumn('removed', 'boolean', (column) => column.notNull().defaultTo(false))
        .execute();
    },
  },
  '0003-grey-releases-and-schemas': {
    async up(db) {
      await db.schema.alterTable('setting_releases').addColumn('grey', 'jsonb').execute();
      await db.schema
        .createTable('setting_schemas')
        .addColumn('namespace', 'text', (column) => column.notNull())
        .addColumn('group_name', 'text', (column) => column.notNull())
        .addColumn('service', 'text', (column) => column.notNull())
        .addColumn('schema', 'jsonb', (column) => column.notNull())
        .addColumn('author', 'text')
        .addColumn('set_at', 'timestamptz', (column) => column.notNull().defaultTo(sql`now()`))
        .addPrimaryKeyConstraint('setting_schemas_pk', ['namespace', 'group_name', 'service'])
        .execute();
    },
  },
  '0004-environments': modelMigration,
  '0005-drafts': draftsMigration,
  '0006-placeholders': placeholdersMigration,
  '0007-git': gitMigration,
  '0010-access-tokens': accessTokens,
  '0011-access-token-names': accessTokenNames,
};
