import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { orderPlaced } from '@rookery/contracts';
import { Database } from '@rookery/database';
import { Outbox } from '@rookery/messaging';
import { RookeryError } from '@rookery/observability';
import { FilmCheck } from '../catalog/film-check.ts';
import { IdempotencyKeys } from '../idempotency/idempotency-keys.ts';
import { OrderSettings } from '../settings/order-settings.ts';
import type { NewOrder, Order, PlacedOrder } from './order-schemas.ts';
import { Orders } from './orders.ts';
import type { OrdersDatabase } from './orders-tables.ts';

/** Places orders: films checked, then order, key and message stored in one transaction. */
@Injectable()
export class PlaceOrder {
  constructor(
    @Inject(Database) private readonly database: Database<OrdersDatabase>,
    @Inject(Orders) private readonly orders: Orders,
    @Inject(FilmCheck) private readonly filmCheck: FilmCheck,
    @Inject(IdempotencyKeys) private readonly keys: IdempotencyKeys,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(OrderSettings) private readonly settings: OrderSettings,
  ) {}

  /** @param key answers what it was answered before, when this request came before with it */
  async place(order: NewOrder, key?: string): Promise<PlacedOrder> {
    const before = key === undefined ? undefined : await this.keys.answerOf<PlacedOrder>(key, order);
    if (before) return before;
    this.#checkSize(order);
    const items = await this.#itemsOf(order);
    const stored = {
      id: randomUUID(),
      items,
      totalCents: items.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, 0),
      placedAt: new Date().toISOString(),
    };
    const answer: PlacedOrder = { id: stored.id, status: 'placed' };
    const isNew = await this.database.transaction(async (trx) => {
      if (key !== undefined && !(await this.keys.claim(trx, key, order, answer))) return false;
      await this.orders.insert(trx, stored);
      const { id: orderId, ...rest } = stored;
      await this.outbox.add(trx, { topic: orderPlaced.name, payload: { orderId, ...rest } });
      return true;
    });
    return isNew ? answer : this.place(order, key);
  }

  #checkSize({ items }: NewOrder): void {
    const { maxItemsPerOrder } = this.settings.value;
    if (items.length <= maxItemsPerOrder) return;
    throw new RookeryError(
      'ORDER_TOO_LARGE',
      `An order may have at most ${maxItemsPerOrder} items; this has ${items.length}.`,
      {
        status: 400,
        details: {
          issues: [{ path: 'items', expected: `at most ${maxItemsPerOrder} items`, received: `${items.length} items` }],
        },
      },
    );
  }

  async #itemsOf(order: NewOrder): Promise<Order['items']> {
    const films = await this.filmCheck.films(order.items.map(({ filmId }) => filmId));
    return order.items.flatMap(({ filmId, quantity }) => {
      const film = films.get(filmId);
      return film ? { filmId, title: film.title, quantity, priceCents: film.priceCents } : [];
    });
  }
}
