import type { ConnectionLog } from '@rookery/connections';
import { Barrier } from './barrier.ts';
import { Candidacy, type Lead } from './candidacy.ts';
import { Counter } from './counter.ts';

/** A lock that this process holds, for as long as its lease is renewed. */
export interface Lock {
  readonly name: string;
  /** Higher than that of every holder before. A resource that refuses a lower one than it has seen is safe from a holder that was paused. */
  readonly token: bigint;
  /** Aborts when the lock is lost (`COORDINATION_LOST`) or was released. */
  readonly signal: AbortSignal;
  /** Whether the lease still runs by this process's clock. Look at it before an effect: it is right before any timer has fired. */
  readonly held: boolean;
  /** Gives the lock back. Never throws: a lock that cannot be given back ends with its lease. */
  release(): Promise<void>;
}

export interface AcquireOptions {
  /** Give up after this, in ms; 0 tries once; 10000. */
  waitMs?: number;
  /** A holder that does not answer for so long has lost the lock, in ms; 10000. */
  leaseMs?: number;
  /** Who holds it, for people; host and process when not given. */
  owner?: string;
  /** Gives up when it aborts. */
  signal?: AbortSignal;
}

export interface Holder {
  token: bigint;
  owner: string;
}

/**
 * The coordination port, and the token to inject it by. Drivers: libs/coordination/src/drivers; each passes
 * testing/contract.ts. Methods throw RookeryError: `COORDINATION_TIMEOUT` when a wait is over, `COORDINATION_UNREACHABLE`
 * (503) when the engine does not answer within its deadline, `COORDINATION_LOST` when a lease ended meanwhile.
 */
export abstract class Coordination {
  /** Is told of what no caller hears. */
  protected abstract readonly log: ConnectionLog | undefined;

  /** Waits for the lock, also while the engine is away, for at most `waitMs`; in the order of asking where the engine gives it. */
  abstract acquire(name: string, options?: AcquireOptions): Promise<Lock>;
  /** Who holds the lock now. */
  abstract holder(name: string): Promise<Holder | undefined>;
  /** Adds to a counter in one atomic step; its value then. Not repeated where it is unknown whether it was done. */
  abstract add(counter: string, by: number): Promise<number>;
  /** 0 for a counter that nobody has touched. */
  abstract read(counter: string): Promise<number>;
  /** Sets the counter where its value is the expected one; answers whether it was. */
  abstract compareAndSet(counter: string, expected: number, next: number): Promise<boolean>;
  /** Resolves when the engine answers; for readiness. */
  abstract ping(): Promise<void>;
  /** Gives every lock back, ends every wait, and closes the connections. */
  abstract close(): Promise<void>;

  /** Runs the work under the lock. The work stops when the lock's signal aborts; its answer is refused when it did. */
  async withLock<T>(name: string, work: (lock: Lock) => Promise<T> | T, options?: AcquireOptions): Promise<T> {
    const lock = await this.acquire(name, options);
    try {
      const answer = await work(lock);
      if (!lock.held) throw lock.signal.reason;
      return answer;
    } finally {
      await lock.release();
    }
  }

  /**
   * Stands for election until it is closed: `lead` is called whenever this process leads, and leads until it settles.
   * Where it fails, the log is told, and the process stands again after a pause.
   */
  candidate(election: string, lead: Lead, options?: Omit<AcquireOptions, 'waitMs'>): Candidacy {
    return new Candidacy(this, election, lead, options, this.log);
  }

  /** A barrier that opens when so many parties wait at it, again and again. */
  barrier(name: string, parties: number): Barrier {
    return new Barrier(this, name, parties);
  }

  counter(name: string): Counter {
    return new Counter(this, name);
  }
}
