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
        principal jsonb,
        occurred_at timestamptz not null default now()
      )`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table outbox`.execute(db);
  },
};

/** For a database in which {@link outboxMigration} ran when messages had no principal; elsewhere it changes nothing. */
export const outboxPrincipalMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`alter table outbox add column if not exists principal jsonb`.execute(db);
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
