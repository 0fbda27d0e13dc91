import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from './back-off.ts';
import type { ConnectionErrors } from './connection-errors.ts';
import type { ConnectionLog } from './log.ts';

const BACK_OFF = { baseMs: 200, capMs: 5_000 };

/** Whoever needs the connection to last: leases and watches. */
export interface Tenant {
  /** A connection was opened: what the one before it said is old. */
  connected(): void;
}

export interface Connected<C> {
  connection: C;
  /** Resolves when it is over, in whatever way. */
  ended: Promise<void>;
}

/** One connection, opened when somebody asks for it, and opened again, after pauses, for as long as it has tenants. */
export class KeptConnection<C, T extends Tenant> {
  readonly tenants = new Set<T>();
  #connected: Connected<C> | undefined;
  #opening: Promise<Connected<C>> | undefined;
  #keeping = false;
  readonly #closed = new AbortController();

  constructor(
    private readonly server: string,
    private readonly connect: () => Promise<Connected<C>>,
    /** Ends a connection that came when nobody wants it any more. */
    private readonly end: (connection: C) => void,
    private readonly log: ConnectionLog | undefined,
    private readonly errors: ConnectionErrors,
  ) {}

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  async open(): Promise<C> {
    return (await this.#open()).connection;
  }

  /** Keeps a connection for the tenant from now on. */
  keep(tenant: T): void {
    this.tenants.add(tenant);
    if (this.#connected) tenant.connected();
    if (!this.#keeping) void this.#keep();
  }

  leave(tenant: T): void {
    this.tenants.delete(tenant);
  }

  /** @param end how the present connection ends; the usual way when not given */
  close(end: (connection: C) => void = this.end): void {
    this.#closed.abort();
    if (this.#connected) end(this.#connected.connection);
    this.tenants.clear();
  }

  async #keep(): Promise<void> {
    this.#keeping = true;
    const { signal } = this.#closed;
    const { server } = this;
    let failures = 0;
    while (!signal.aborted && this.tenants.size > 0) {
      try {
        const { ended } = await this.#open();
        if (failures > 0) this.log?.info({ server }, 'connected again');
        failures = 0;
        await ended;
        if (!signal.aborted) throw new Error('the connection ended');
      } catch (error) {
        failures++;
        if (failures === 1 && !signal.aborted) {
          this.log?.warn({ server, error }, 'disconnected, what was known last stays');
        }
        await delay(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
      }
    }
    this.#keeping = false;
  }

  #open(): Promise<Connected<C>> {
    if (this.closed) return Promise.reject(this.errors.closed());
    if (this.#connected) return Promise.resolve(this.#connected);
    this.#opening ??= this.#begin().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #begin(): Promise<Connected<C>> {
    const connected = await this.connect();
    if (this.closed) {
      this.end(connected.connection);
      throw this.errors.closed();
    }
    this.#connected = connected;
    void connected.ended.then(() => {
      if (this.#connected === connected) this.#connected = undefined;
    });
    for (const tenant of [...this.tenants]) tenant.connected();
    return connected;
  }
}
