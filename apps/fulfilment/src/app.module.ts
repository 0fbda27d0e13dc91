import { Module } from '@nestjs/common';
import { DatabaseModule } from '@rookery/database';
import { MessagingModule } from '@rookery/messaging';
import { SecurityModule } from '@rookery/security';
import { DeadLettersController } from './dead-letters/dead-letters.controller.ts';
import { FulfilOrders } from './fulfilment/fulfil-orders.ts';
import { FulfilmentsController } from './fulfilment/fulfilments.controller.ts';
import { Fulfilments } from './fulfilment/fulfilments.ts';
import { migrations } from './migrations/index.ts';

@Module({
  imports: [
    SecurityModule.forRoot(),
    DatabaseModule.forRoot({ migrations }),
    MessagingModule.forRoot({ outbox: true, inbox: true }),
  ],
  controllers: [FulfilOrders, FulfilmentsController, DeadLettersController],
  providers: [Fulfilments],
})
export class AppModule {}
