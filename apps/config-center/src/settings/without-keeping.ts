import type { Database, Transaction } from '@rookery/database';
import type { ConfigDatabase } from '../tables.ts';

const UNDONE = new Error('undone');

/** Runs the work in a transaction that is always rolled back: a dry run meets everything that the real one would. */
export async function withoutKeeping<T>(
  database: Database<ConfigDatabase>,
  work: (trx: Transaction<ConfigDatabase>) => Promise<T>,
): Promise<T> {
  let result: { value: T } | undefined;
  try {
    await database.transaction(async (trx) => {
      result = { value: await work(trx) };
      throw UNDONE;
    });
  } catch (error) {
    if (error !== UNDONE) throw error;
  }
  if (!result) throw UNDONE;
  return result.value;
}
