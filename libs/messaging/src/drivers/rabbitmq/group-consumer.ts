import { type AsyncMessage, type Consumer, ConsumerStatus } from 'rabbitmq-client';
import { handle, type Outcome } from '../../delivery/handle.ts';
import { retryDelayMs } from '../../delivery/retry-delay.ts';
import type { SubscriptionSettings } from '../../delivery/settings.ts';
import { errors } from '../../errors.ts';
import type { Message, MessageHandler } from '../../messaging.ts';
import { within } from '../../within.ts';
import { attemptHeader, attemptOf, crashHeaders, deathHeaders, isMalformed, messageOf } from './amqp-message.ts';
import type { Broker } from './broker.ts';
import { deadLetterQueue, EXCHANGE, ephemeralQueue, groupQueue, retryQueue } from './topology.ts';

/** A message that ended its consumer so often ends it again. */
const MAX_CRASHES = 3;
const DIED = 'the consumer died while it handled the message';

/** Consumes a group's queue and settles each message: acknowledged, put back for later, or dead. */
export class GroupConsumer {
  readonly #topics: ReadonlySet<string>;
  readonly #consumer: Consumer;
  readonly ready: Promise<void>;

  constructor(
    private readonly broker: Broker,
    private readonly settings: SubscriptionSettings,
    private readonly handler: MessageHandler,
  ) {
    const { group, topics, concurrency, ephemeral } = settings;
    this.#topics = new Set(topics);
    const { queue, ...queueOptions } = ephemeral ? ephemeralQueue(group) : groupQueue(group);
    this.#consumer = broker.connection.createConsumer(
      {
        queue,
        queueOptions,
        concurrency,
        qos: { prefetchCount: concurrency },
        exchanges: [EXCHANGE],
        queueBindings: topics.map((topic) => ({ exchange: EXCHANGE.exchange, queue, routingKey: topic })),
      },
      (raw) => this.#consume(raw),
    );
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#consumer.on('ready', () => resolve());
    this.#consumer.on('error', reject);
    this.ready = within(broker.timeoutMs, promise, () => new Error('the queue was not ready in time')).catch(
      (error) => {
        throw errors.unreachable(error);
      },
    );
    this.ready.catch(() => {});
  }

  /** Takes nothing new; resolves when the running handlers have ended and are acknowledged. */
  async close(): Promise<void> {
    await this.#consumer.close();
  }

  async #consume(raw: AsyncMessage): Promise<ConsumerStatus> {
    const message = messageOf(raw);
    const { attempt, crashes } = attemptOf(raw);
    if (raw.redelivered && !this.settings.ephemeral) return this.#cutOff(message, attempt, crashes + 1);
    if (isMalformed(raw)) return this.#bury(message, attempt, 'the body is not JSON');
    const outcome = await handle({ ...message, group: this.settings.group, attempt }, this.#topics, this.handler);
    return outcome.ok || this.settings.ephemeral ? ConsumerStatus.ACK : this.#failed(message, attempt, outcome);
  }

  /** The broker marks a second delivery but does not count; the copy does. */
  #cutOff(message: Message, attempt: number, crashes: number): Promise<ConsumerStatus> {
    const { group, maxAttempts } = this.settings;
    if (crashes >= Math.max(MAX_CRASHES, maxAttempts)) return this.#bury(message, attempt, DIED);
    return this.#moved(() => this.#put(message, crashHeaders(attempt + 1, crashes), group));
  }

  async #failed(message: Message, attempt: number, outcome: Outcome & { ok: false }): Promise<ConsumerStatus> {
    const { group, maxAttempts, retryDelayMs: baseMs } = this.settings;
    if (outcome.hopeless || attempt >= maxAttempts) return this.#bury(message, attempt, outcome.reason);
    const queue = retryQueue(group, retryDelayMs(attempt, baseMs));
    return this.#moved(async () => {
      await this.broker.call(() => this.broker.connection.queueDeclare(queue));
      await this.#put(message, attemptHeader(attempt + 1), queue.queue);
    });
  }

  #bury(message: Message, attempt: number, reason: string): Promise<ConsumerStatus> {
    if (this.settings.ephemeral) return Promise.resolve(ConsumerStatus.ACK);
    return this.#moved(() =>
      this.#put(message, deathHeaders(attempt, reason), deadLetterQueue(this.settings.group).queue),
    );
  }

  #put(message: Message, extra: Record<string, string | number>, queue: string): Promise<void> {
    const json = Buffer.isBuffer(message.payload) ? message.payload.toString() : JSON.stringify(message.payload);
    return this.broker.put(message, json, extra, queue);
  }

  /** The copy is confirmed before the original is acknowledged: a failure in between doubles, never loses. */
  async #moved(move: () => Promise<void>): Promise<ConsumerStatus> {
    try {
      await move();
      return ConsumerStatus.ACK;
    } catch {
      return ConsumerStatus.REQUEUE;
    }
  }
}
