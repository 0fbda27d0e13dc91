import { BaseRpcContext } from '@nestjs/microservices';
import type { Delivery } from '../messaging.ts';

/** Second argument (`@Ctx()`) of an event or message handler. */
export class MessagingContext<T = unknown> extends BaseRpcContext<[Delivery<T>]> {
  get delivery(): Delivery<T> {
    return this.args[0];
  }
}
