import pg from 'pg';
import { POSTGRES_USER } from './password.ts';

const CONNECT_MS = 10_000;

/** Creates the databases that are not there yet. */
export async function createDatabases(
  server: { port: number; password: string },
  names: readonly string[],
): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    user: POSTGRES_USER,
    database: 'postgres',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
    ...server,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map(({ datname }) => datname));
    for (const name of names) {
      if (!present.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
}
