import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { addressOf } from './database-url.ts';
import { translate } from './errors.ts';
import { createPool, type PoolOptions, reachable } from './pool.ts';

export type { Transaction };

/**
 * One service's own Postgres database. Failures of the network or the server come as RookeryError
 * `DATABASE_UNREACHABLE` (503, with retryAfterMs); those of a statement stay what `pg` says.
 */
export class Database<DB = unknown> {
  readonly kysely: Kysely<DB>;
  /** Where it is, without credentials. */
  readonly address: string;
  #closed: Promise<void> | undefined;

  constructor(
    readonly url: URL,
    options: PoolOptions = {},
  ) {
    this.address = addressOf(url);
    const pool = reachable(createPool(url, options));
    this.kysely = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
  }

  /** Runs `work` in one transaction: all of it is stored, or nothing when it throws or the connection dies. */
  async transaction<T>(work: (trx: Transaction<DB>) => Promise<T>): Promise<T> {
    try {
      return await this.kysely.transaction().execute(work);
    } catch (error) {
      throw translate(error);
    }
  }

  /** Resolves when the server answers; for readiness. */
  async ping(): Promise<void> {
    await sql`select 1`.execute(this.kysely);
  }

  /** Waits for the running statements, then ends every connection. */
  close(): Promise<void> {
    this.#closed ??= this.kysely.destroy();
    return this.#closed;
  }
}
