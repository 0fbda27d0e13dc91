import { Module } from '@nestjs/common';
import { ConfigModule } from '@rookery/config';
import { DatabaseModule } from '@rookery/database';
import { MessagingModule } from '@rookery/messaging';
import { RpcModule } from '@rookery/rpc';
import { SecurityModule } from '@rookery/security';
import { CatalogClient } from './catalog/catalog-client.ts';
import { FilmCheck } from './catalog/film-check.ts';
import { IdempotencyKeys } from './idempotency/idempotency-keys.ts';
import { migrations } from './migrations/index.ts';
import { OrderEvents } from './orders/order-events.ts';
import { OrdersController } from './orders/orders.controller.ts';
import { Orders } from './orders/orders.ts';
import { PlaceOrder } from './orders/place-order.ts';
import { OrderSettings } from './settings/order-settings.ts';

@Module({
  imports: [
    SecurityModule.forRoot(),
    DatabaseModule.forRoot({ migrations }),
    MessagingModule.forRoot({ outbox: true, inbox: true }),
    ConfigModule.forFeature(OrderSettings),
    RpcModule.forFeature(CatalogClient),
  ],
  controllers: [OrdersController, OrderEvents],
  providers: [Orders, PlaceOrder, FilmCheck, IdempotencyKeys],
})
export class AppModule {}
