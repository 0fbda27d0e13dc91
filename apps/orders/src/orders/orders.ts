import { Inject, Injectable } from '@nestjs/common';
import { Database, type Transaction } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import { sql } from 'kysely';
import type { Order, OrdersPage } from './order-schemas.ts';
import type { OrdersDatabase } from './orders-tables.ts';

/** The orders that were placed. */
@Injectable()
export class Orders {
  constructor(@Inject(Database) private readonly database: Database<OrdersDatabase>) {}

  /** Fails with `ORDER_UNKNOWN` (404) when there is none with that id. */
  async byId(id: string): Promise<Order> {
    const row = await this.database.kysely.selectFrom('orders').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new RookeryError('ORDER_UNKNOWN', 'No order has this id.', { status: 404 });
    const items = await this.database.kysely
      .selectFrom('order_items')
      .select(['film_id as filmId', 'title', 'quantity', 'price_cents as priceCents'])
      .where('order_id', '=', id)
      .orderBy('position')
      .execute();
    return { ...headOf(row), items };
  }

  /** One page of the orders, the newest first, without their items. */
  async page({ page, pageSize }: { page: number; pageSize: number }): Promise<OrdersPage> {
    const [{ total }, rows] = await Promise.all([
      this.database.kysely
        .selectFrom('orders')
        .select(sql<number>`count(*)::integer`.as('total'))
        .executeTakeFirstOrThrow(),
      this.database.kysely
        .selectFrom('orders')
        .selectAll()
        .orderBy('placed_at', 'desc')
        .orderBy('id')
        .limit(pageSize)
        .offset((page - 1) * pageSize)
        .execute(),
    ]);
    return { items: rows.map(headOf), page, total };
  }

  async insert(trx: Transaction<OrdersDatabase>, { id, items, totalCents, placedAt }: NewRow): Promise<void> {
    await trx
      .insertInto('orders')
      .values({ id, total_cents: totalCents, placed_at: new Date(placedAt), fulfilled_at: null })
      .execute();
    await trx
      .insertInto('order_items')
      .values(
        items.map(({ filmId, title, quantity, priceCents }, position) => ({
          order_id: id,
          position,
          film_id: filmId,
          title,
          quantity,
          price_cents: priceCents,
        })),
      )
      .execute();
  }

  /** Sets the status once; an order that is fulfilled stays so. Fails with `ORDER_UNKNOWN` when there is none. */
  async fulfil(trx: Transaction<OrdersDatabase>, id: string, fulfilledAt: string): Promise<void> {
    const { numUpdatedRows } = await trx
      .updateTable('orders')
      .set({ status: 'fulfilled', fulfilled_at: sql<Date>`coalesce(fulfilled_at, ${new Date(fulfilledAt)})` })
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw new RookeryError('ORDER_UNKNOWN', `No order has the id ${id}.`, { status: 404 });
  }
}

type NewRow = Pick<Order, 'id' | 'items' | 'totalCents' | 'placedAt'>;

interface OrderRow {
  id: string;
  status: Order['status'];
  total_cents: number;
  placed_at: Date;
  fulfilled_at: Date | null;
}

const headOf = (row: OrderRow): Omit<Order, 'items'> => ({
  id: row.id,
  status: row.status,
  totalCents: row.total_cents,
  placedAt: row.placed_at.toISOString(),
  ...(row.fulfilled_at && { fulfilledAt: row.fulfilled_at.toISOString() }),
});
