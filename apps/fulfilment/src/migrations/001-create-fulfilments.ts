import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';

/** One row an order, whatever becomes of messages: the key is the last guard against a second fulfilment. */
export const createFulfilments: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table fulfilments (
        order_id uuid primary key,
        items jsonb not null,
        total_cents integer not null,
        fulfilled_at timestamptz not null
      )`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table fulfilments`.execute(db);
  },
};
