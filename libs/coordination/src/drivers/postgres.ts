/**
 * Engine: PostgreSQL, 14 and newer. Tested on 18.
 * Client: `pg`. Not through a pooler that hands one session to many (PgBouncer's transaction mode).
 * A lock is a session's advisory lock, so each lock that is held or waited for has a connection of its own, at most 20 in a
 * process. The server queues the waiters in their order, and ends the session of a holder that is silent for its lease
 * (`idle_session_timeout`) or whose socket is gone (`client_connection_check_interval`). The token is drawn from a sequence
 * under the lock. The key is the hash of the name in 64 bits: two names that meet in it exclude each other.
 */
import { reasonOf } from '@rookery/connections';
import { Pool } from 'pg';
import type { Coordination, Holder } from '../coordination.ts';
import type { CoordinationOptions } from '../create-coordination.ts';
import { assertName, type Claim, DriverCoordination, safe } from '../driver-coordination.ts';
import { errors } from '../errors.ts';
import type { LeasedLock } from '../leased-lock.ts';
import { LockSession } from './postgres/lock-session.ts';
import { isUnreachable, type PostgresAddress, parsePostgresUrl } from './postgres/postgres-url.ts';
import type { Statements } from './postgres/statements.ts';

const MOST_LOCKS = 20;
const DEADLINE_MS = 2_000;

/** @param url `postgres://user:password@host:5432/database?namespace=…&sslmode=verify-full&sslrootcert=…` */
export function createPostgresCoordination(url: string, options: CoordinationOptions = {}): Coordination {
  return new PostgresCoordination(parsePostgresUrl(url), options);
}

class PostgresCoordination extends DriverCoordination {
  readonly #pool: Pool;
  #prepared: Promise<unknown> | undefined;

  constructor(
    private readonly address: PostgresAddress,
    { log }: CoordinationOptions,
  ) {
    super(log, MOST_LOCKS);
    this.#pool = new Pool({
      connectionString: address.connectionString,
      ...{ max: 2, connectionTimeoutMillis: DEADLINE_MS, query_timeout: DEADLINE_MS, allowExitOnIdle: true },
    });
    this.#pool.on('error', () => {});
  }

  async holder(name: string): Promise<Holder | undefined> {
    const values = [this.address.keyOf(name), name];
    const [row] = await this.#query<{ token: string; owner: string }>(name, 'holder', values);
    return row && { token: BigInt(row.token), owner: row.owner };
  }

  async add(counter: string, by: number): Promise<number> {
    const [row] = await this.#query<{ value: string }>(counter, 'add', [counter, safe(counter, by)]);
    return safe(counter, row?.value ?? 0);
  }

  async read(counter: string): Promise<number> {
    const [row] = await this.#query<{ value: string }>(counter, 'read', [counter]);
    return safe(counter, row?.value ?? 0);
  }

  async compareAndSet(counter: string, expected: number, next: number): Promise<boolean> {
    if (expected === 0) await this.add(counter, 0);
    const values = [counter, safe(counter, expected), safe(counter, next)];
    return (await this.#query(counter, 'set', values)).length === 1;
  }

  async ping(): Promise<void> {
    await this.read('ping');
  }

  protected async claim(claim: Claim): Promise<LeasedLock> {
    const what = `lock ${claim.name}`;
    await this.#ready(what);
    const session = new LockSession(this.address, claim);
    try {
      const { token, sinceMs } = await session.take();
      const lock = this.hold({
        ...{ name: claim.name, leaseMs: claim.leaseMs, token, sinceMs },
        renew: () => session.renew(),
        release: () => session.end(),
      });
      session.onEnd = () => lock.lose('the session with Postgres ended');
      return lock;
    } catch (error) {
      await session.end();
      // Whoever changed its mind hears what it said itself.
      throw claim.signal.aborted && error === claim.signal.reason ? error : this.#translated(what, error);
    }
  }

  protected async disconnect(): Promise<void> {
    await this.#pool.end();
  }

  async #query<Row extends object>(name: string, statement: keyof Statements, values: unknown[]): Promise<Row[]> {
    assertName(name);
    const what = `${statement} ${name}`;
    await this.#ready(what);
    try {
      return (await this.#pool.query<Row>(this.address.statements[statement], values)).rows;
    } catch (error) {
      throw this.#translated(what, error);
    }
  }

  /** Schema, sequence and tables, made by whoever comes first. */
  async #ready(what: string): Promise<void> {
    this.assertOpen();
    this.#prepared ??= this.#pool.query(this.address.statements.prepare);
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw this.#translated(what, error);
    }
  }

  #translated(what: string, error: unknown): unknown {
    if (this.closed) return errors.closed();
    if (String((error as { code?: unknown }).code).startsWith('COORDINATION_')) return error;
    const { server } = this.address;
    return isUnreachable(error)
      ? errors.unreachable(server, reasonOf(error), error)
      : errors.refused(server, what, reasonOf(error), error);
  }
}
