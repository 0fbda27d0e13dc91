/**
 * Postgres 13 and later, through pg-boss 12: also the embedded engine. A queue per group, LISTEN/NOTIFY so that a
 * message is delivered within milliseconds, a slow poll behind it. LISTEN needs a connection of its own: behind
 * PgBouncer in transaction mode only the poll delivers.
 */
import { PgListener } from '@rookery/database';
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
import { Boss, deadQueue, type PostgresOptions, queueOf, WAKE_CHANNEL } from './boss.ts';
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts';
import { QueueConsumer } from './queue-consumer.ts';
import { removeAbandoned, Undertaker } from './undertaker.ts';

const DAY_SECONDS = 86_400;
/** A queue shows that its ephemeral group lives by being updated; also when abandoned ones are removed. */
const TEND_MS = 30_000;

export class PostgresMessaging extends Messaging {
  readonly #consumers = new Map<string, QueueConsumer>();
  readonly #listener: PgListener;
  readonly #undertaker: Undertaker;
  readonly #tending: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly boss: Boss,
    url: URL,
    private readonly options: PostgresOptions,
  ) {
    super();
    this.#listener = new PgListener(url, WAKE_CHANNEL, (queue) => this.#wake(queue));
    this.#undertaker = new Undertaker(
      boss,
      () => [...this.#consumers.keys()],
      options.consumerTimeoutMs,
      (queue) => void this.#notify([queue]).catch(() => {}),
    );
    this.#tending = setInterval(() => void this.#tend(), TEND_MS);
  }

  async publish(messages: readonly Message[]): Promise<void> {
    this.#assertOpen();
    for (const message of messages) encode(message);
    if (messages.length === 0) return;
    const { queues } = this.boss;
    await this.boss.transaction(async (db) => {
      const topics = [...new Set(messages.map((message) => message.topic))];
      const { rows } = await db.executeSql('select event, name from pgboss.subscription where event = any($1)', [
        topics,
      ]);
      const wanted = Object.groupBy(rows as { event: string; name: string }[], (row) => row.name);
      for (const [queue, subscriptions = []] of Object.entries(wanted)) {
        const events = new Set(subscriptions.map((subscription) => subscription.event));
        const data = messages.filter((message) => events.has(message.topic)).map((message) => ({ data: message }));
        await queues.insert(queue, data, { db });
        await db.executeSql('select pg_notify($1, $2)', [WAKE_CHANNEL, queue]);
      }
    });
  }

  async subscribe(options: SubscribeOptions, handler: MessageHandler): Promise<Subscription> {
    this.#assertOpen();
    const settings = completed(options);
    const queue = queueOf(settings.group, settings.ephemeral);
    if (this.#consumers.has(queue)) throw errors.groupTaken(settings.group);
    await this.boss.guard(async () => {
      await this.#declare(queue, settings.maxAttempts, settings.ephemeral);
      for (const topic of settings.topics) await this.boss.queues.subscribe(topic, queue);
    });
    const consumer = new QueueConsumer(this.boss, queue, settings, handler, this.options.consumerTimeoutMs);
    this.#consumers.set(queue, consumer);
    return {
      close: async () => {
        await consumer.close();
        if (this.#consumers.get(queue) !== consumer) return;
        this.#consumers.delete(queue);
        if (settings.ephemeral) await this.boss.queues.deleteQueue(queue).catch(() => {});
      },
    };
  }

  async deadLetters(group: string, limit = 100): Promise<DeadLetter[]> {
    assertName('group', group);
    return listDeadLetters(this.boss, group, limit);
  }

  async replay(group: string, ids?: readonly string[]): Promise<number> {
    assertName('group', group);
    const replayed = await replayDeadLetters(this.boss, group, ids);
    if (replayed > 0) await this.#notify([group]);
    return replayed;
  }

  async ping(): Promise<void> {
    this.#assertOpen();
    await this.boss.query('select 1', []);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    clearInterval(this.#tending);
    await this.#listener.close();
    await Promise.all(
      [...this.#consumers].map(async ([queue, consumer]) => {
        await consumer.close();
        if (queue.startsWith('ephemeral/')) await this.boss.queues.deleteQueue(queue).catch(() => {});
      }),
    );
    await this.#undertaker.close();
    await this.boss.close();
  }

  async #declare(queue: string, maxAttempts: number, ephemeral: boolean): Promise<void> {
    const { queues } = this.boss;
    const limits = { retryLimit: maxAttempts - 1, expireInSeconds: DAY_SECONDS - 1, deleteAfterSeconds: 3_600 };
    if (ephemeral) {
      await queues.createQueue(queue, { ...limits, retentionSeconds: 600 });
      return;
    }
    await queues.createQueue(deadQueue(queue), { retentionSeconds: 90 * DAY_SECONDS });
    await queues.createQueue(queue, { ...limits, retentionSeconds: 90 * DAY_SECONDS, deadLetter: deadQueue(queue) });
    const { retryLimit } = (await queues.getQueue(queue)) ?? {};
    if (retryLimit !== limits.retryLimit) await queues.updateQueue(queue, { retryLimit: limits.retryLimit });
  }

  #wake(queue: string | undefined): void {
    if (queue !== undefined) this.#consumers.get(queue)?.wake();
    else for (const consumer of this.#consumers.values()) consumer.wake();
  }

  async #notify(queues: readonly string[]): Promise<void> {
    await this.boss.query('select pg_notify($1, queue) from unnest($2::text[]) queue', [WAKE_CHANNEL, queues]);
  }

  async #tend(): Promise<void> {
    const ephemeral = [...this.#consumers.keys()].filter((queue) => queue.startsWith('ephemeral/'));
    try {
      for (const queue of ephemeral) await this.boss.queues.updateQueue(queue, { retentionSeconds: 600 });
      await removeAbandoned(this.boss);
    } catch {
      // The engine is away: tended next time.
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw errors.closed();
  }
}

/** Connects, installs pg-boss' schema where it is missing. */
export async function connectPostgres(url: URL, options: PostgresOptions): Promise<Messaging> {
  const boss = new Boss(url, options.timeoutMs);
  try {
    await boss.queues.start();
    return new PostgresMessaging(boss, url, options);
  } catch (error) {
    await boss.close();
    throw error;
  }
}
