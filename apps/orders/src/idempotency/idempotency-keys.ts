import { createHash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Database, type Transaction } from '@rookery/database';
import { LOGGER, type Logger, RookeryError } from '@rookery/observability';
import { sql } from 'kysely';
import type { OrdersDatabase } from '../orders/orders-tables.ts';

const CLEAN_UP_EVERY_MS = 60 * 60_000;

/** What a request with a key was answered, for those that come again with it. Keys are kept for a day. */
@Injectable()
export class IdempotencyKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  #cleanUp: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Database) private readonly database: Database<OrdersDatabase>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** What the key was answered before; undefined when it is new. Fails with 422 when it came with another request. */
  async answerOf<T>(key: string, request: unknown): Promise<T | undefined> {
    const row = await this.database.kysely
      .selectFrom('idempotency_keys')
      .select(['request', 'answer'])
      .where('key', '=', key)
      .executeTakeFirst();
    if (row && row.request !== digest(request)) {
      throw new RookeryError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key came before with another request.', {
        status: 422,
      });
    }
    return row?.answer as T | undefined;
  }

  /**
   * Claims a new key and its answer in the caller's transaction. A transaction that claims the same key waits here until
   * the first one ends. False when the key turns out to be taken: roll back, and ask {@link answerOf}.
   */
  async claim(trx: Transaction<OrdersDatabase>, key: string, request: unknown, answer: unknown): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto('idempotency_keys')
      .values({ key, request: digest(request), answer: JSON.stringify(answer) })
      .onConflict((taken) => taken.doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n;
  }

  onApplicationBootstrap(): void {
    this.#cleanUp = setInterval(() => void this.#forgetOld(), CLEAN_UP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.#cleanUp);
  }

  async #forgetOld(): Promise<void> {
    try {
      await this.database.kysely
        .deleteFrom('idempotency_keys')
        .where('created_at', '<', sql<Date>`now() - interval '1 day'`)
        .execute();
    } catch (error) {
      this.logger.warn({ error }, 'idempotency.cleanup.failed');
    }
  }
}

/** Requests are compared by digest; they have been through a schema, so their keys stand in one order. */
const digest = (request: unknown): string => createHash('sha256').update(JSON.stringify(request)).digest('hex');
