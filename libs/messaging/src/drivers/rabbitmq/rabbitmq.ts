/**
 * RabbitMQ 3.10 and later, through `rabbitmq-client` (no dependencies, reconnects, confirms). One topic exchange, a
 * quorum queue per group, back-off through queues whose messages expire. A group stays bound to a topic that it
 * handled once. Dead letters are shown oldest first by the broker, at most 10,000 are read.
 */
import { completed } from '../../delivery/settings.ts';
import { assertName, encode } from '../../envelope.ts';
import { errors } from '../../errors.ts';
import {
  type DeadLetter,
  type Message,
  type MessageHandler,
  Messaging,
  type SubscribeOptions,
  type Subscription,
} from '../../messaging.ts';
import { Broker } from './broker.ts';
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts';
import { GroupConsumer } from './group-consumer.ts';
import { deadLetterQueue, EXCHANGE } from './topology.ts';

export class RabbitmqMessaging extends Messaging {
  readonly #consumers = new Map<string, GroupConsumer>();
  #closed: Promise<void> | undefined;

  constructor(private readonly broker: Broker) {
    super();
  }

  async publish(messages: readonly Message[]): Promise<void> {
    this.#assertOpen();
    const encoded = messages.map((message) => [message, encode(message)] as const);
    await Promise.all(encoded.map(([message, json]) => this.broker.send(message, json)));
  }

  async subscribe(options: SubscribeOptions, handler: MessageHandler): Promise<Subscription> {
    this.#assertOpen();
    const settings = completed(options);
    const { group, ephemeral } = settings;
    if (this.#consumers.has(group)) throw errors.groupTaken(group);
    if (!ephemeral) await this.broker.call(() => this.broker.connection.queueDeclare(deadLetterQueue(group)));
    const consumer = new GroupConsumer(this.broker, settings, handler);
    this.#consumers.set(group, consumer);
    const close = async () => {
      await consumer.close();
      if (this.#consumers.get(group) === consumer) this.#consumers.delete(group);
    };
    try {
      await consumer.ready;
    } catch (error) {
      await close();
      throw error;
    }
    return { close };
  }

  async deadLetters(group: string, limit = 100): Promise<DeadLetter[]> {
    assertName('group', group);
    return listDeadLetters(this.broker, group, limit);
  }

  async replay(group: string, ids?: readonly string[]): Promise<number> {
    assertName('group', group);
    return replayDeadLetters(this.broker, group, ids);
  }

  async ping(): Promise<void> {
    this.#assertOpen();
    await this.broker.call(() => this.broker.connection.exchangeDeclare({ ...EXCHANGE, passive: true }));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()));
    await this.broker.close();
  }

  #assertOpen(): void {
    if (this.#closed) throw errors.closed();
  }
}

export const connectRabbitmq = async (url: URL, { timeoutMs }: { timeoutMs: number }): Promise<Messaging> =>
  new RabbitmqMessaging(await Broker.connect(url, timeoutMs));
