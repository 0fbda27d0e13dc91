import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';

/** `request` is a digest of the body that came with the key, `answer` what it was answered with. */
export const createIdempotencyKeys: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table idempotency_keys (
        key text primary key,
        request text not null,
        answer jsonb not null,
        created_at timestamptz not null default now()
      )`.execute(db);
    await sql`create index idempotency_keys_age on idempotency_keys (created_at)`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table idempotency_keys`.execute(db);
  },
};
