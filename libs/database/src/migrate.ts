import { RookeryError } from '@rookery/observability';
import { type Migration, Migrator } from 'kysely/migration';
import { Database } from './database.ts';
import { isTransient, reasonOf } from './errors.ts';

/** A migration may fill a table or build an index; a replica waits as long for the one that runs it. */
const MIGRATION_TIMEOUT_MS = 5 * 60_000;

/** Runs the migrations that the database has not seen, all in one transaction, under a lock across replicas. */
export async function migrate(url: URL, migrations: Record<string, Migration>): Promise<void> {
  const database = new Database(url, { maxConnections: 2, statementTimeoutMs: MIGRATION_TIMEOUT_MS });
  try {
    const migrator = new Migrator({ db: database.kysely, provider: { getMigrations: async () => migrations } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return;
    if (isTransient(error)) throw error;
    const failed = results.find((result) => result.status === 'Error');
    throw new RookeryError(
      'DATABASE_MIGRATION_FAILED',
      `${failed ? `Migration ${failed.migrationName}` : 'The migration'} of the database at ${database.address} failed, nothing was changed: ${reasonOf(error)}`,
      { cause: error },
    );
  } finally {
    await database.close();
  }
}
