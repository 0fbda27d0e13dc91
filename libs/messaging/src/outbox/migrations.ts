import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Table of {@link Outbox}; name it in `DatabaseModule.forRoot({ migrations })`. */
export const outboxMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table outbox (
        id bigint generated always as identity primary key,
        message_id uuid not null,
        topic text not null,
        payload jsonb not null,
        headers jsonb not null,
        occurred_at timestamptz not null default now()
      )`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table outbox`.execute(db);
  },
};

/** Table of {@link Inbox}; name it in `DatabaseModule.forRoot({ migrations })`. */
export const inboxMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table inbox (
        consumer_group text not null,
        message_id uuid not null,
        handled_at timestamptz not null default now(),
        primary key (consumer_group, message_id)
      )`.execute(db);
    await sql`create index inbox_handled_at on inbox (handled_at)`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table inbox`.execute(db);
  },
};
