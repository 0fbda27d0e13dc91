import { Client } from 'pg';
import { type Claim } from '../../driver-coordination.ts';
import { untilAborted } from '../../until-aborted.ts';
import type { PostgresAddress } from './postgres-url.ts';
import { LOCK, TRY_LOCK } from './statements.ts';

const DEADLINE_MS = 2_000;
/** How soon Postgres notices that the socket of a waiter is gone. */
const SOCKET_CHECK_MS = 250;
/** SQLSTATE of a statement that waited for a lock in vain. */
const LOCK_NOT_AVAILABLE = '55P03';

/** A session of one claim: its end, in whatever way, gives the advisory lock back or leaves the queue for it. */
export class LockSession {
  onEnd: () => void = () => {};
  readonly #client: Client;
  #ended = false;

  constructor(
    private readonly address: PostgresAddress,
    private readonly claim: Claim,
  ) {
    this.#client = new Client({
      connectionString: address.connectionString,
      ...{ connectionTimeoutMillis: DEADLINE_MS, keepAlive: true, application_name: 'rookery lock' },
    });
    const over = (): void => {
      this.#ended = true;
      this.onEnd();
    };
    this.#client.on('error', over);
    this.#client.on('end', over);
  }

  async take(): Promise<{ token: bigint; sinceMs: number }> {
    const { name, owner, leaseMs, signal } = this.claim;
    await untilAborted(this.#client.connect(), signal);
    await this.#ask(
      `set idle_session_timeout = ${Math.ceil(leaseMs)}; set client_connection_check_interval = ${SOCKET_CHECK_MS};
       set statement_timeout = 0`,
    );
    const key = this.address.keyOf(name);
    const sinceMs = (await this.#lockAtOnce(key)) ?? (await this.#lockInTurn(key));
    const { rows } = await this.#ask<{ token: string }>(this.address.statements.take, [name, owner]);
    return { token: BigInt(rows[0]?.token ?? 0), sinceMs };
  }

  async renew(): Promise<boolean> {
    if (this.#ended) return false;
    await this.#ask('select 1');
    return true;
  }

  async end(): Promise<void> {
    this.onEnd = () => {};
    // A statement that waits for the lock is not ended by a polite goodbye; the end of the socket ends it.
    const socket = (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
    const ended = this.#client.end().catch(() => {});
    const timer = setTimeout(() => socket.destroy(), this.#ended ? 0 : SOCKET_CHECK_MS);
    await ended;
    clearTimeout(timer);
  }

  async #lockAtOnce(key: string): Promise<number | undefined> {
    const sinceMs = performance.now();
    const { rows } = await this.#ask<{ locked: boolean }>(TRY_LOCK, [key]);
    return rows[0]?.locked ? sinceMs : undefined;
  }

  /** The lease begins when the lock was granted: until then the session is not idle. */
  async #lockInTurn(key: string): Promise<number> {
    const { signal, endsAtMs, mayWait } = this.claim;
    mayWait();
    await this.#ask(`set lock_timeout = ${Math.max(Math.ceil(endsAtMs - performance.now()), 1)}`);
    try {
      await untilAborted(this.#client.query(LOCK, [key]), signal);
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      await untilAborted(new Promise(() => {}), AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]));
    }
    // The answer may have waited here for longer than the lease: only a question that is answered says that it is held.
    const sinceMs = performance.now();
    await this.#ask('select 1');
    return sinceMs;
  }

  async #ask<Row extends object>(text: string, values?: unknown[]) {
    const asked = this.#client.query<Row>(text, values);
    return untilAborted(asked, AbortSignal.timeout(DEADLINE_MS));
  }
}
