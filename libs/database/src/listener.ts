import { within } from '@rookery/observability';
import { Client } from 'pg';
import { backOffMs } from './waiting.ts';

export interface ListenerOptions {
  /** How often the connection is asked whether it lives, in ms; 10000. */
  heartbeatMs?: number;
  /** Deadline of connecting and of a heartbeat, in ms; 5000. */
  timeoutMs?: number;
}

/** A server that does not answer any more does not hold up a shutdown. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Hears NOTIFY on one connection of its own and connects again when that dies. What was notified in between is
 * lost by nature, so `onWake` also runs after each (re)connection. A pool behind a transaction-pooling proxy
 * cannot LISTEN: keep a slow poll beside it.
 */
export class PgListener {
  readonly #options: Required<ListenerOptions>;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 1;
  #closed = false;

  /** @param onWake with the notification's payload, or undefined after a (re)connection. */
  constructor(
    readonly url: URL,
    readonly channel: string,
    readonly onWake: (payload: string | undefined) => void,
    { heartbeatMs = 10_000, timeoutMs = 5_000 }: ListenerOptions = {},
  ) {
    this.#options = { heartbeatMs, timeoutMs };
    void this.#connect();
  }

  /** True while notifications arrive. */
  get connected(): boolean {
    return this.#client !== undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client) await ended(client, CLOSE_TIMEOUT_MS);
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.url.href,
      connectionTimeoutMillis: this.#options.timeoutMs,
      query_timeout: this.#options.timeoutMs,
      keepAlive: true,
      application_name: 'rookery-listen',
    });
    let lost = false;
    const lose = () => {
      if (lost) return;
      lost = true;
      void client.end().catch(() => {});
      if (this.#client === client) this.#client = undefined;
      this.#again();
    };
    client.on('error', lose);
    client.on('end', lose);
    client.on('notification', ({ payload }) => this.onWake(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(this.channel)}`);
    } catch {
      lose();
      return;
    }
    if (lost) return;
    if (this.#closed) {
      lost = true;
      await client.end().catch(() => {});
      return;
    }
    this.#client = client;
    this.#attempt = 1;
    this.#beat(client, lose);
    this.onWake(undefined);
  }

  #again(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#attempt += 1;
    this.#timer = setTimeout(() => void this.#connect(), backOffMs(this.#attempt));
  }

  #beat(client: Client, lose: () => void): void {
    this.#timer = setTimeout(() => {
      client.query('select 1').then(() => {
        if (this.#client === client) this.#beat(client, lose);
      }, lose);
    }, this.#options.heartbeatMs);
  }
}

async function ended(client: Client, withinMs: number): Promise<void> {
  await within(
    client.end().catch(() => {}),
    withinMs,
  );
}
