import { Inject, Injectable } from '@nestjs/common';
import type { OrderPlaced } from '@rookery/contracts';
import { Database, type Transaction } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import type { ColumnType } from 'kysely';
import type { Fulfilment } from './fulfilment-schema.ts';

/** Column names are the table's; see migrations. */
export interface FulfilmentDatabase {
  fulfilments: {
    order_id: string;
    items: ColumnType<Fulfilment['items'], string>;
    total_cents: number;
    fulfilled_at: Date;
  };
}

/** The orders that were fulfilled. */
@Injectable()
export class Fulfilments {
  constructor(@Inject(Database) private readonly database: Database<FulfilmentDatabase>) {}

  /** Fails with `FULFILMENT_UNKNOWN` (404) while the order is not fulfilled. */
  async byOrder(orderId: string): Promise<Fulfilment> {
    const row = await this.database.kysely
      .selectFrom('fulfilments')
      .selectAll()
      .where('order_id', '=', orderId)
      .executeTakeFirst();
    if (!row) throw new RookeryError('FULFILMENT_UNKNOWN', 'No order with this id is fulfilled.', { status: 404 });
    return {
      orderId: row.order_id,
      items: row.items,
      totalCents: row.total_cents,
      fulfilledAt: row.fulfilled_at.toISOString(),
    };
  }

  /** Stores the fulfilment of an order; false when it was fulfilled before. */
  async add(trx: Transaction<FulfilmentDatabase>, order: OrderPlaced, fulfilledAt: Date): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto('fulfilments')
      .values({
        order_id: order.orderId,
        items: JSON.stringify(order.items.map(({ filmId, title, quantity }) => ({ filmId, title, quantity }))),
        total_cents: order.totalCents,
        fulfilled_at: fulfilledAt,
      })
      .onConflict((known) => known.doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }
}
