import { Injectable } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { isObservable, lastValueFrom, type Observable } from 'rxjs';
import { createMessage } from '../envelope.ts';
import { errors } from '../errors.ts';
import type { Delivery, Messaging, SubscribeOptions, Subscription } from '../messaging.ts';
import { MessagingContext } from './messaging-context.ts';
import { CORRELATION, DEADLINE, errorReply, REPLY_TO, type Reply } from './request-reply.ts';

export type ServerOptions = Partial<Omit<SubscribeOptions, 'topics' | 'ephemeral'>>;

/**
 * Nest's transport over the messaging port: `@EventPattern('order.placed')` and `@MessagePattern` handlers as with
 * any other. `app.connectMicroservice({ strategy: app.get(MessagingServer) })` connects it. An event handler that
 * throws is tried again and at last dead-lettered, by all handlers of its topic; a request is answered with its error.
 * Without libs/service, add {@link MessagingErrorFilter}: Nest's own hides what an error says.
 */
@Injectable()
export class MessagingServer extends Server implements CustomTransportStrategy {
  /** Without an identity of its own, Nest gives a transport the handlers of every other one too, gRPC's among them. */
  override readonly transportId = Symbol('rookery.messaging');
  override readonly propagatesEventHandlerErrors = true;
  readonly #messaging: Messaging;
  readonly #options: ServerOptions;
  #group: string | undefined;
  #subscription: Subscription | undefined;

  constructor(messaging: Messaging, options: ServerOptions = {}) {
    super();
    this.#messaging = messaging;
    this.#options = options;
    this.#group = options.group;
  }

  /** Consumer group when the module names none: the service's name. Set before `listen`. */
  useGroup(group: string): void {
    this.#group ??= group;
  }

  listen(callback: (error?: unknown) => void): void {
    this.#subscribe().then(() => callback(), callback);
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  on(): void {
    throw new Error('The messaging transport has no events of its own.');
  }

  unwrap<T>(): T {
    return this.#messaging as T;
  }

  async #subscribe(): Promise<void> {
    const topics = [...this.messageHandlers.keys()];
    if (topics.length === 0) return;
    const group = this.#group;
    if (!group) throw errors.invalid('MessagingModule.forRoot({ group }) names no consumer group for the handlers.');
    this.#subscription = await this.#messaging.subscribe({ ...this.#options, group, topics }, (delivery) =>
      this.#dispatch(delivery),
    );
  }

  async #dispatch(delivery: Delivery): Promise<void> {
    const handler = this.messageHandlers.get(delivery.topic);
    if (!handler) throw errors.invalid(`no handler for topic ${delivery.topic}`);
    if (!handler.isEventHandler) return this.#answer(handler, delivery);
    await settled(await handler(delivery.payload, new MessagingContext([delivery])));
  }

  async #answer(handler: MessageHandler, delivery: Delivery): Promise<void> {
    const { [REPLY_TO]: topic, [CORRELATION]: correlation, [DEADLINE]: deadline } = delivery.headers;
    if (!topic || !correlation) throw errors.invalid(`A request on ${delivery.topic} names nobody to reply to.`);
    if (deadline !== undefined && Number(deadline) < Date.now()) return;
    const reply = await this.#reply(handler, delivery);
    const headers = { [CORRELATION]: correlation };
    await this.#messaging.publish([createMessage({ topic, payload: reply, headers })]);
  }

  async #reply(handler: MessageHandler, delivery: Delivery): Promise<Reply> {
    try {
      const value = await settled(await handler(delivery.payload, new MessagingContext([delivery])));
      return { value, done: true };
    } catch (error) {
      return errorReply(error);
    }
  }
}

/** The last value of a stream, or the value itself. */
async function settled(result: unknown): Promise<unknown> {
  return isObservable(result) ? lastValueFrom(result as Observable<unknown>, { defaultValue: undefined }) : result;
}
