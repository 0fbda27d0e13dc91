import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';

/** Grows by one with each change of the film, in the transaction that changes it. */
export const versionFilms: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table films add column version integer not null default 1`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`alter table films drop column version`.execute(db);
  },
};
