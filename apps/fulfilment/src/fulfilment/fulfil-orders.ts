import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { type OrderFulfilled, type OrderPlaced, orderFulfilled, orderPlaced } from '@rookery/contracts';
import { Database } from '@rookery/database';
import { Inbox, MessagingContext, Outbox } from '@rookery/messaging';
import { RequiresPermissions } from '@rookery/security';
import { type FulfilmentDatabase, Fulfilments } from './fulfilments.ts';

/**
 * Fulfils each placed order once in effect: what was received, the fulfilment and the message about it are stored in
 * one transaction, and the message is acknowledged after it. Only what somebody placed who may place orders is fulfilled.
 */
@Controller()
export class FulfilOrders {
  constructor(
    @Inject(Database) private readonly database: Database<FulfilmentDatabase>,
    @Inject(Fulfilments) private readonly fulfilments: Fulfilments,
    @Inject(Inbox) private readonly inbox: Inbox,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  @RequiresPermissions('order:create')
  @EventPattern<string>(orderPlaced.name)
  async onOrderPlaced(
    @Payload({ schema: orderPlaced.schema }) order: OrderPlaced,
    @Ctx() { delivery }: MessagingContext,
  ): Promise<void> {
    await this.database.transaction((trx) =>
      this.inbox.once(trx, delivery, async () => {
        const fulfilledAt = new Date();
        if (!(await this.fulfilments.add(trx, order, fulfilledAt))) return;
        const payload: OrderFulfilled = { orderId: order.orderId, fulfilledAt: fulfilledAt.toISOString() };
        await this.outbox.add(trx, { topic: orderFulfilled.name, payload });
      }),
    );
  }
}
