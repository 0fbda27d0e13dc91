import type { ConnectionLog } from '@rookery/connections';
import type { Lock } from './coordination.ts';
import { errors } from './errors.ts';

/** Renewals in one lease: two may be lost. */
const RENEWALS_PER_LEASE = 3;

/** What an engine does for a lock that is held. */
export interface Lease {
  name: string;
  token: bigint;
  leaseMs: number;
  /** performance.now() of before the engine was asked for what this lease stands on. */
  sinceMs: number;
  /** Answers false when the engine says that this process holds the lock no more. */
  renew(): Promise<boolean>;
  release(): Promise<void>;
}

/**
 * A lock whose lease runs by this process's own clock, from before each renewal was asked for: it ends here no later than
 * the engine ends it, so that the holder knows before anybody else can hold it.
 */
export class LeasedLock implements Lock {
  readonly #ended = new AbortController();
  #validUntilMs: number;
  #renewal: NodeJS.Timeout | undefined;
  #end: NodeJS.Timeout | undefined;
  #released: Promise<void> | undefined;

  constructor(
    private readonly lease: Lease,
    private readonly log: ConnectionLog | undefined,
    private readonly onEnd: (lock: LeasedLock) => void,
  ) {
    this.#validUntilMs = lease.sinceMs + lease.leaseMs;
    this.#watchClock();
    this.#next();
  }

  get name(): string {
    return this.lease.name;
  }

  get token(): bigint {
    return this.lease.token;
  }

  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get held(): boolean {
    if (performance.now() >= this.#validUntilMs) this.lose('its lease is over');
    return !this.#ended.signal.aborted;
  }

  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  lose(why: string): void {
    if (this.#ended.signal.aborted) return;
    this.log?.warn({ lock: this.name, token: String(this.token), why }, 'lock lost');
    this.#stop(errors.lost(this.name, why));
  }

  /** Asks the engine at once whether the lock is held still. */
  async check(): Promise<void> {
    const askedAtMs = performance.now();
    try {
      if (!(await this.lease.renew())) this.lose('the engine has ended its lease');
      else if (this.held) {
        this.#validUntilMs = Math.max(this.#validUntilMs, askedAtMs + this.lease.leaseMs);
        this.#watchClock();
      }
    } catch {
      // The engine is away: the lease runs on, and ends by the clock.
    }
  }

  async #release(): Promise<void> {
    this.#stop(errors.released(this.name));
    await this.lease
      .release()
      .catch((error: unknown) =>
        this.log?.warn({ lock: this.name, error }, 'lock not released, it ends with its lease'),
      );
  }

  #stop(reason: Error): void {
    clearTimeout(this.#renewal);
    clearTimeout(this.#end);
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(reason);
    this.onEnd(this);
  }

  #watchClock(): void {
    clearTimeout(this.#end);
    this.#end = setTimeout(() => this.lose('its lease is over'), Math.max(this.#validUntilMs - performance.now(), 0));
  }

  #next(): void {
    if (this.#ended.signal.aborted) return;
    this.#renewal = setTimeout(() => {
      void this.check().finally(() => this.#next());
    }, this.lease.leaseMs / RENEWALS_PER_LEASE);
  }
}
