import type { Database } from '@rookery/database';
import { sql } from 'kysely';

const DAY_MS = 86_400_000;
const BATCH = 1_000;
const EVERY_MS = 10 * 60_000;

export interface InboxCleanerOptions {
  /** How long a message is remembered, in ms; 30 days. Longer than any engine keeps one to deliver it again. */
  retentionMs?: number;
}

/** Forgets what no engine delivers any more, in small batches, so that the inbox stays bounded. */
export class InboxCleaner {
  readonly #timer: NodeJS.Timeout;
  readonly #retentionMs: number;
  #running: Promise<unknown> | undefined;
  #closed = false;

  constructor(
    private readonly database: Database,
    { retentionMs = 30 * DAY_MS }: InboxCleanerOptions = {},
  ) {
    this.#retentionMs = retentionMs;
    this.#timer = setInterval(() => {
      this.#running ??= this.clean()
        .catch(() => 0)
        .finally(() => {
          this.#running = undefined;
        });
    }, EVERY_MS);
  }

  /** One pass; answers how many were forgotten. */
  async clean(): Promise<number> {
    for (let forgotten = 0; ; ) {
      const { numAffectedRows = 0n } = await sql`
        delete from inbox where (consumer_group, message_id) in (
          select consumer_group, message_id from inbox
          where handled_at < now() - ${this.#retentionMs} * interval '1 ms'
          order by handled_at limit ${BATCH} for update skip locked
        )`.execute(this.database.kysely);
      forgotten += Number(numAffectedRows);
      if (numAffectedRows < BATCH || this.#closed) return forgotten;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}
