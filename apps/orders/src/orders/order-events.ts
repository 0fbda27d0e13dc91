import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type OrderFulfilled, orderFulfilled } from '@rookery/contracts';
import { Database } from '@rookery/database';
import { Inbox, MessagingContext } from '@rookery/messaging';
import { FromBus } from '@rookery/security';
import { Orders } from './orders.ts';
import type { OrdersDatabase } from './orders-tables.ts';

/** What orders hears of other services. */
@Controller()
export class OrderEvents {
  constructor(
    @Inject(Database) private readonly database: Database<OrdersDatabase>,
    @Inject(Orders) private readonly orders: Orders,
    @Inject(Inbox) private readonly inbox: Inbox,
  ) {}

  @FromBus()
  @EventPattern<string>(orderFulfilled.name)
  async onFulfilled(
    @Payload({ schema: orderFulfilled.schema }) { orderId, fulfilledAt }: OrderFulfilled,
    @Ctx() { delivery }: MessagingContext,
  ): Promise<void> {
    await this.database.transaction((trx) =>
      this.inbox.once(trx, delivery, () => this.orders.fulfil(trx, orderId, fulfilledAt)),
    );
  }
}
