import type { Migration } from '@rookery/database';
import { type Kysely, sql } from 'kysely';

export const createOrders: Migration = {
  async up(db: Kysely<unknown>) {
    await sql`
      create table orders (
        id uuid primary key,
        status text not null default 'placed' check (status in ('placed', 'fulfilled')),
        total_cents integer not null check (total_cents >= 0),
        placed_at timestamptz not null default now(),
        fulfilled_at timestamptz,
        check ((status = 'fulfilled') = (fulfilled_at is not null))
      )`.execute(db);
    await sql`create index orders_newest on orders (placed_at desc, id)`.execute(db);
    await sql`
      create table order_items (
        order_id uuid not null references orders,
        position integer not null,
        film_id text not null,
        title text not null,
        quantity integer not null check (quantity > 0),
        price_cents integer not null check (price_cents >= 0),
        primary key (order_id, position)
      )`.execute(db);
  },
  async down(db: Kysely<unknown>) {
    await sql`drop table order_items, orders`.execute(db);
  },
};
