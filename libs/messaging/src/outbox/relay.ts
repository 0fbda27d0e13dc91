import { type Database, PgListener, reasonOf, type Transaction } from '@rookery/database';
import type { Principal } from '@rookery/observability';
import { sql } from 'kysely';
import type { Message, Messaging } from '../messaging.ts';
import { OUTBOX_CHANNEL } from './outbox.ts';

/** Safety net for a lost notification. */
const POLL_MS = 1_000;
const MAX_PAUSE_MS = 10_000;

export interface RelayOptions {
  /** Messages published at once; 100. */
  batchSize?: number;
  /** Called when a batch could not be published; it is tried again. */
  onError?: (reason: string) => void;
}

interface Row {
  id: string;
  messageId: string;
  topic: string;
  payload: unknown;
  headers: Record<string, string>;
  principal: Principal | null;
  occurredAtMs: number;
}

/**
 * Publishes the outbox in the order of its ids. A batch is claimed, published and deleted in one transaction: a relay
 * that dies in between leaves it to the next one, which may publish again under the same message ids. Several relays
 * share the work through SKIP LOCKED.
 */
export class OutboxRelay {
  readonly #listener: PgListener;
  readonly #batchSize: number;
  readonly #onError: (reason: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #wanted = false;
  #failures = 0;
  #closed = false;

  constructor(
    private readonly database: Database,
    private readonly messaging: Messaging,
    { batchSize = 100, onError = () => {} }: RelayOptions = {},
  ) {
    this.#batchSize = batchSize;
    this.#onError = onError;
    this.#listener = new PgListener(database.url, OUTBOX_CHANNEL, () => this.wake());
    this.wake();
  }

  /** Looks for messages now; commits of this database wake it by themselves. */
  wake(): void {
    this.#wanted = true;
    if (this.#closed || this.#running) return;
    clearTimeout(this.#timer);
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#closed) return;
      if (this.#wanted && this.#failures === 0) return this.wake();
      const pauseMs = this.#failures === 0 ? POLL_MS : Math.min(MAX_PAUSE_MS, 100 * 2 ** this.#failures);
      this.#timer = setTimeout(() => this.wake(), pauseMs);
    });
  }

  /** Ends the batch that is under way and takes no other. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#listener.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false;
        const published = await this.database.transaction((trx) => this.#batch(trx));
        this.#failures = 0;
        if (published === this.#batchSize) this.#wanted = true;
      }
    } catch (error) {
      this.#failures += 1;
      this.#onError(reasonOf(error));
    }
  }

  async #batch(trx: Transaction<unknown>): Promise<number> {
    const { rows } = await sql<Row>`
      select id::text, message_id as "messageId", topic, payload, headers, principal,
        (extract(epoch from occurred_at) * 1000)::double precision as "occurredAtMs"
      from outbox order by outbox.id limit ${this.#batchSize} for update skip locked`.execute(trx);
    if (rows.length === 0) return 0;
    await this.messaging.publish(rows.map(messageOf));
    const ids = rows.map((row) => row.id);
    await sql`delete from outbox where id = any(${ids}::bigint[])`.execute(trx);
    return rows.length;
  }
}

const messageOf = ({ messageId, topic, payload, headers, principal, occurredAtMs }: Row): Message => ({
  id: messageId,
  topic,
  payload,
  headers,
  ...(principal && { principal }),
  occurredAtMs: Math.round(occurredAtMs),
});
