import type { Migration } from '@rookery/database';

/** Who resolves the placeholders of a namespace; null: nobody looks at them. */
export const placeholdersMigration: Migration = {
  async up(db) {
    await db.schema.alterTable('config_namespaces').addColumn('placeholders', 'text').execute();
  },
};
