import { RookeryError } from '@rookery/observability';
import { type Channel, Connection, type Envelope, type Publisher } from 'rabbitmq-client';
import { errors } from '../../errors.ts';
import type { Message } from '../../messaging.ts';
import { within } from '../../within.ts';
import { envelopeOf } from './amqp-message.ts';
import { EXCHANGE } from './topology.ts';

/** One connection: confirmed publishing and calls, each with a deadline. It reconnects by itself. */
export class Broker {
  readonly connection: Connection;
  readonly #publisher: Publisher;
  /** What the broker gave back because the queue does not exist; it says so before it confirms. */
  readonly #returned = new Set<string>();

  private constructor(
    connection: Connection,
    readonly timeoutMs: number,
  ) {
    this.connection = connection;
    this.#publisher = connection.createPublisher({ confirm: true, maxAttempts: 2, exchanges: [EXCHANGE] });
    this.#publisher.on('basic.return', (raw) => this.#returned.add(`${raw.messageId} ${raw.routingKey}`));
  }

  /** Resolves when the broker has accepted us; rejects at its first refusal. */
  static async connect(url: URL, timeoutMs: number): Promise<Broker> {
    const connection = new Connection({
      url: url.href,
      connectionName: 'rookery-messaging',
      connectionTimeout: timeoutMs,
      acquireTimeout: timeoutMs,
      heartbeat: 10,
      frameMax: 131_072,
      noDelay: true,
      retryLow: 100,
      retryHigh: 2_000,
    });
    const { promise: refused, reject } = Promise.withResolvers<never>();
    refused.catch(() => {});
    connection.on('error', reject);
    try {
      await Promise.race([connection.onConnect(timeoutMs, true), refused]);
      const broker = new Broker(connection, timeoutMs);
      await broker.call(() => connection.exchangeDeclare(EXCHANGE));
      return broker;
    } catch (error) {
      connection.unsafeDestroy();
      throw error;
    }
  }

  /** Resolves when the broker has it on disk for every queue bound to its topic. */
  send(message: Message, json: string): Promise<void> {
    const envelope = { ...envelopeOf(message), exchange: EXCHANGE.exchange, routingKey: message.topic };
    return this.call(() => this.#publisher.send(envelope, Buffer.from(json)));
  }

  /** Resolves when the broker has it on disk in this one queue. */
  put(message: Message, json: string, headers: Record<string, string | number>, queue: string): Promise<void> {
    const envelope: Envelope = { ...envelopeOf(message, headers), exchange: '', routingKey: queue, mandatory: true };
    return this.call(async () => {
      await this.#publisher.send(envelope, Buffer.from(json));
      if (this.#returned.delete(`${message.id} ${queue}`)) throw new Error(`there is no queue ${queue}`);
    });
  }

  /** Runs `work` on a channel of its own, closed afterwards: what it did not acknowledge goes back. */
  async onChannel<T>(work: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.call(() => this.connection.acquire());
    channel.on('error', () => {});
    try {
      return await work(channel);
    } finally {
      await channel.close();
    }
  }

  /** Any failure of the broker or its deadline comes as MESSAGING_UNREACHABLE. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await within(this.timeoutMs, work(), () => new Error(`no answer within ${this.timeoutMs} ms`));
    } catch (error) {
      throw error instanceof RookeryError ? error : errors.unreachable(error);
    }
  }

  async close(): Promise<void> {
    const ended = (async () => {
      await this.#publisher.close();
      await this.connection.close();
    })();
    await within(this.timeoutMs, ended, () => new Error('late')).catch(() => this.connection.unsafeDestroy());
  }
}
