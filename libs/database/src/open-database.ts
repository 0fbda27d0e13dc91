import { RookeryError } from '@rookery/observability';
import type { Migration } from 'kysely/migration';
import { Database } from './database.ts';
import { addressOf, databaseUrl } from './database-url.ts';
import { isTransient, reasonOf } from './errors.ts';
import { migrate } from './migrate.ts';
import type { PoolOptions } from './pool.ts';
import { type WaitOptions, waitFor } from './waiting.ts';

export interface DatabaseOptions extends PoolOptions, WaitOptions {
  /** Postgres URL; the environment's DATABASE_URL when not given. */
  url?: string;
  /** By name; run in the order of their names, each once, at start. */
  migrations?: Record<string, Migration>;
}

/** Waits for Postgres, brings the schema up to date (several replicas at once are safe) and answers the open database. */
export async function openDatabase<DB = unknown>(options: DatabaseOptions = {}): Promise<Database<DB>> {
  const url = databaseUrl(options.url);
  const database = new Database<DB>(url, options);
  try {
    await waitFor(
      async () => {
        await database.ping();
        if (options.migrations) await migrate(url, options.migrations);
      },
      { what: 'database', mends: isTransient, reasonOf },
      options,
    );
    return database;
  } catch (error) {
    await database.close();
    if (!isTransient(error)) throw error;
    throw new RookeryError(
      'DATABASE_UNREACHABLE',
      `The database at ${addressOf(url)} (DATABASE_URL) did not answer within ${(options.waitMs ?? 60_000) / 1_000} s: ${reasonOf(error)}.`,
      { status: 503, cause: error },
    );
  }
}
