import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

const CONNECT_MS = 10_000;
const HELD_MS = 60_000;

/** A table that nobody else can touch until it is released. */
export interface HeldTable {
  /** Resolves once so many statements of others wait for the table. */
  waiters(count: number): Promise<void>;
  release(): Promise<void>;
}

/** A connection of its own, closed after the work. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Holds a table as a slow migration would; everything that needs it waits. Let go by itself after a minute. */
export async function holdTable(url: string, table: string): Promise<HeldTable> {
  const client = await connect(url);
  await client.query(`SET idle_in_transaction_session_timeout = ${HELD_MS}`);
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  return {
    waiters: (count) =>
      withClient(url, async (other) => {
        for (const deadline = Date.now() + HELD_MS; Date.now() < deadline; await pause(20)) {
          const { rows } = await other.query<{ waiting: number }>(
            'SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = $1::regclass',
            [table],
          );
          if ((rows[0]?.waiting ?? 0) >= count) return;
        }
        throw new Error(`${count} statements did not come to wait for ${table} within ${HELD_MS} ms`);
      }),
    release: async () => {
      await client.query('COMMIT').catch(() => {});
      await client.end();
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => {});
  await client.connect();
  return client;
}
