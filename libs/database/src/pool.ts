import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { Pool, type PoolClient } from 'pg';
import { isTransient, translate } from './errors.ts';

/** Limits of a pool; every one has a default. */
export interface PoolOptions {
  /** Connections at most; 10. */
  maxConnections?: number;
  /** Wait for a connection, in ms; 5000. */
  connectTimeoutMs?: number;
  /** A statement's deadline, in ms; 10000. The server cancels it; a server that hangs is left a second later. */
  statementTimeoutMs?: number;
  /** Name in pg_stat_activity. */
  applicationName?: string;
}

/** A bounded pool whose connections may die at any time without an unheard `error` event. */
export function createPool(url: URL, options: PoolOptions = {}): Pool {
  const { maxConnections = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 10_000 } = options;
  const pool = new Pool({
    connectionString: url.href,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs * 3,
    keepAlive: true,
    application_name: options.applicationName ?? 'rookery',
  });
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
}

/** The pool as Kysely sees it: what the network did comes out as DATABASE_UNREACHABLE, a hung connection is dropped. */
export function reachable(pool: Pool): PostgresPool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      try {
        const client = await pool.connect();
        const known = wrapped.get(client) ?? wrap(client);
        wrapped.set(client, known);
        return known;
      } catch (error) {
        throw translate(error);
      }
    },
  };
}

function wrap(client: PoolClient): PostgresPoolClient {
  let broken = false;
  async function query(statement: unknown, parameters?: readonly unknown[]): Promise<unknown> {
    try {
      return await client.query(statement as string, parameters as unknown[]);
    } catch (error) {
      const translated = translate(error);
      broken ||= isTransient(translated);
      throw translated;
    }
  }
  return {
    processID: (client as { processID?: number }).processID,
    query: query as PostgresPoolClient['query'],
    release: (destroy?: boolean) => client.release(destroy === true || broken),
  };
}

/** The pool replaces a dead connection by itself, and a statement on it rejects: the event adds nothing. */
const ignore = (): void => {};
