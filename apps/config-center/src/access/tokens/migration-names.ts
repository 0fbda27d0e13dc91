import type { Migration } from '@rookery/database';

/** The namespaces that a token is for; null for all of its environment. */
export const accessTokenNames: Migration = {
  async up(db) {
    await db.schema.alterTable('setting_tokens').addColumn('names', 'jsonb').execute();
  },
};
