import type { Migration } from '@rookery/database';

/** Which commit each label of a repository is in force as, and why a newer one is not. */
export const gitMigration: Migration = {
  async up(db) {
    await db.schema
      .createTable('config_git_labels')
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('group_name', 'text', (column) => column.notNull())
      .addColumn('label', 'text', (column) => column.notNull())
      .addColumn('commit', 'text')
      .addColumn('taken_at', 'timestamptz')
      .addColumn('failed_commit', 'text')
      .addColumn('failed_at', 'timestamptz')
      .addColumn('failure', 'text')
      .addPrimaryKeyConstraint('config_git_labels_pk', ['environment', 'group_name'])
      .execute();
  },
};
