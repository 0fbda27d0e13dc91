import { createPool, isTransient, type WaitOptions } from '@rookery/database';
import { RookeryError } from '@rookery/observability';
import type { Pool } from 'pg';
import { type Db, PgBoss } from 'pg-boss';
import { errors } from '../../errors.ts';

/** Channel of NOTIFY that carries the name of a queue with something new. */
export const WAKE_CHANNEL = 'rookery_messaging';

/** Name of the dead-letter queue of a group. */
export const deadQueue = (group: string): string => `${group}/dead`;

/** Queue of a subscription. Names of groups have no slash, so the others are out of their way. */
export const queueOf = (group: string, ephemeral: boolean): string => (ephemeral ? `ephemeral/${group}` : group);

export const isUnreachable = (error: unknown): boolean =>
  error instanceof RookeryError && error.code === 'MESSAGING_UNREACHABLE';

export interface PostgresOptions extends WaitOptions {
  timeoutMs: number;
  /** A consumer that shows no life for so long is dead, and its messages go to others. */
  consumerTimeoutMs: number;
}

/** pg-boss on a pool of ours, so that connections are bounded, every statement has a deadline and errors are ours. */
export class Boss {
  readonly pool: Pool;
  readonly queues: PgBoss;

  constructor(url: URL, timeoutMs: number) {
    this.pool = createPool(url, {
      maxConnections: 6,
      connectTimeoutMs: Math.min(5_000, timeoutMs),
      statementTimeoutMs: timeoutMs,
      applicationName: 'rookery-messaging',
    });
    const db: Db = { executeSql: (text, values) => this.pool.query(text, values) };
    this.queues = new PgBoss({ db, schedule: false, registerInstance: false, monitorVacuum: false });
    this.queues.on('error', () => {});
  }

  /** One statement of ours beside pg-boss'. */
  async query<T extends object>(text: string, values: unknown[]): Promise<T[]> {
    return this.guard(async () => (await this.pool.query<T>(text, values)).rows);
  }

  /** Runs `work` in one transaction; pass `db` to pg-boss' methods. */
  transaction<T>(work: (db: Db) => Promise<T>): Promise<T> {
    return this.guard(async () => {
      const client = await this.pool.connect();
      let failed: Error | undefined;
      try {
        await client.query('begin');
        const result = await work({ executeSql: (text, values) => client.query(text, values) });
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback').catch((lost: Error) => {
          failed = lost;
        });
        throw error;
      } finally {
        client.release(failed);
      }
    });
  }

  /** Turns what the network did into MESSAGING_UNREACHABLE. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw isTransient(error) ? errors.unreachable(error) : error;
    }
  }

  async close(): Promise<void> {
    await this.queues.stop({ graceful: false, timeout: 1_000 }).catch(() => {});
    await this.pool.end();
  }
}
