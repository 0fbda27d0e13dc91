import type { ColumnType, Generated } from 'kysely';

export type OrderStatus = 'placed' | 'fulfilled';

/** Column names are the tables'; see migrations. */
export interface OrdersDatabase {
  orders: {
    id: string;
    status: Generated<OrderStatus>;
    total_cents: number;
    placed_at: Generated<Date>;
    fulfilled_at: Date | null;
  };
  order_items: {
    order_id: string;
    position: number;
    film_id: string;
    title: string;
    quantity: number;
    price_cents: number;
  };
  idempotency_keys: {
    key: string;
    request: string;
    answer: ColumnType<unknown, string>;
    created_at: Generated<Date>;
  };
}
