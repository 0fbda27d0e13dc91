import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { backOffMs, type ConnectionLog } from '@rookery/connections';
import { type AcquireOptions, Coordination, type Lock } from './coordination.ts';
import { errors, isUnreachable } from './errors.ts';
import { type Lease, LeasedLock } from './leased-lock.ts';

const [SHORTEST_LEASE_MS, LONGEST_LEASE_MS] = [1_000, 3_600_000];
const BACK_OFF = { baseMs: 100, capMs: 2_000 };
const MOST_LOCKS = 1_000;
const LONGEST_NAME = 200;

/** One process that asks for one lock. */
export interface Claim {
  name: string;
  leaseMs: number;
  owner: string;
  /** Aborts when there is no more waiting: its reason is the error. */
  signal: AbortSignal;
  /** performance.now() when the wait is over. */
  endsAtMs: number;
  /** To be called before waiting: throws where the claim tries only once. */
  mayWait(): void;
}

/** Said by an engine whose claim fell out of the queue: it asks again within the same wait. */
export class ClaimForgotten extends Error {}

/** The part of a driver that is the same for every engine: deadlines, retries while the engine is away, what is held. */
export abstract class DriverCoordination extends Coordination {
  readonly #held = new Set<LeasedLock>();
  readonly #closed = new AbortController();
  readonly #claims = new Set<Promise<unknown>>();

  constructor(
    protected readonly log: ConnectionLog | undefined,
    private readonly mostLocks: number = MOST_LOCKS,
  ) {
    super();
  }

  /** Waits until the claim holds the lock, and leaves nothing behind where it throws. */
  protected abstract claim(claim: Claim): Promise<LeasedLock>;
  protected abstract disconnect(): Promise<void>;

  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const { waitMs = 10_000, leaseMs = 10_000, owner = `${hostname()} ${process.pid}` } = options;
    this.assertOpen();
    assertName(name);
    if (!(leaseMs >= SHORTEST_LEASE_MS && leaseMs <= LONGEST_LEASE_MS)) throw errors.badLease(leaseMs);
    if (this.#held.size + this.#claims.size >= this.mostLocks) throw errors.tooMany(this.mostLocks);
    options.signal?.throwIfAborted();
    const timeout = errors.timeout(`the lock ${name}`, waitMs);
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(timeout), waitMs === 0 ? leaseMs : waitMs);
    const signal = AbortSignal.any([over.signal, this.#closed.signal, ...(options.signal ? [options.signal] : [])]);
    const mayWait = (): void => {
      signal.throwIfAborted();
      if (waitMs === 0) throw timeout;
    };
    const endsAtMs = performance.now() + (waitMs === 0 ? leaseMs : waitMs);
    const claiming = this.#persist({ name, leaseMs, owner, signal, endsAtMs, mayWait }, waitMs === 0);
    this.#claims.add(claiming);
    try {
      const lock = await claiming;
      if (signal.aborted) {
        await lock.release();
        throw signal.reason;
      }
      return lock;
    } finally {
      clearTimeout(timer);
      this.#claims.delete(claiming);
    }
  }

  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(errors.closed());
    await Promise.allSettled([...this.#claims]);
    await Promise.all([...this.#held].map((lock) => lock.release()));
    await this.disconnect();
  }

  protected get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  protected assertOpen(): void {
    if (this.closed) throw errors.closed();
  }

  protected hold(lease: Lease): LeasedLock {
    const lock = new LeasedLock(lease, this.log, (ended) => this.#held.delete(ended));
    this.#held.add(lock);
    return lock;
  }

  /** Repeats a compare-and-set until nobody else was in between. */
  protected async addByComparing(
    counter: string,
    by: number,
    attempt: (change: (value: number) => number) => Promise<number | undefined>,
  ): Promise<number> {
    for (let tries = 1; ; tries++) {
      const value = await attempt((before) => safe(counter, before + by));
      if (value !== undefined) return value;
      await pause(Math.random() * Math.min(2 ** tries, 50));
    }
  }

  /** @param once where an engine that is away is not waited for */
  async #persist(claim: Claim, once: boolean): Promise<LeasedLock> {
    const { signal } = claim;
    for (let failures = 1; ; failures++) {
      try {
        return await this.claim(claim);
      } catch (error) {
        if (isUnreachable(error)) {
          // A wait that is over because the engine was away says so.
          if ((once || signal.aborted) && !this.closed) throw error;
        } else if (!(error instanceof ClaimForgotten)) throw signal.aborted ? signal.reason : error;
        await pause(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
        if (signal.aborted) throw isUnreachable(error) && !this.closed ? error : signal.reason;
      }
    }
  }
}

export function assertName(name: string): void {
  const parts = name.split('/');
  const bad = name.length > LONGEST_NAME || parts.some((part) => part === '' || part === '.' || part === '..');
  if (bad) throw errors.badName(name);
}

/** The number of a counter; throws where it is none. */
export function safe(counter: string, value: number | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw errors.badNumber(counter, value);
  return number;
}
