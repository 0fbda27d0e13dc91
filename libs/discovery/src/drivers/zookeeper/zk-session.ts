import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../../back-off.ts';
import { discoveryErrors } from '../../errors.ts';
import type { DiscoveryLog } from '../../log.ts';
import { reasonOf } from '../network-reason.ts';
import type { ServerUrl } from '../server-url.ts';
import type { JuteReader, JuteWriter } from './jute.ts';
import { NO_SESSION, SESSION_EXPIRED, type Session, ZkConnection, ZkError } from './zk-connection.ts';

const BACK_OFF = { baseMs: 200, capMs: 5_000 };

/** Whoever needs the connection to last: leases and watches. */
export interface Tenant {
  /** A connection was opened: what the last one said is old, and with a new session its ephemeral nodes are gone. */
  connected(): void;
  /** Something happened to a node that was asked about with a watch. */
  changed(path: string): void;
}

/** One ZooKeeper session over as many connections as it takes, and the session after it where it expired. */
export class ZkSession {
  readonly tenants = new Set<Tenant>();
  #connection: ZkConnection | undefined;
  #opening: Promise<ZkConnection> | undefined;
  #session: Session = NO_SESSION;
  #endpoint: number;
  #keeping = false;
  readonly #ends = new WeakMap<ZkConnection, Promise<void>>();
  readonly #closed = new AbortController();

  constructor(
    readonly url: ServerUrl,
    private readonly sessionMs: number,
    private readonly log: DiscoveryLog | undefined,
  ) {
    // Many clients that start together spread over the ensemble.
    this.#endpoint = Math.floor(Math.random() * url.endpoints.length);
  }

  get id(): bigint {
    return this.#session.id;
  }

  get closed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** @param what for messages: `register orders-1` */
  async request(what: string, op: number, write: (writer: JuteWriter) => JuteWriter): Promise<JuteReader> {
    try {
      return await (await this.#open()).request(op, write);
    } catch (error) {
      if (this.closed) throw discoveryErrors.closed();
      if (error instanceof ZkError) {
        throw Object.assign(discoveryErrors.refused(this.url.server, what, error.message, error), {
          zkCode: error.code,
        });
      }
      throw discoveryErrors.unreachable(this.url.server, reasonOf(error), error);
    }
  }

  /** Keeps a connection for the tenant from now on. */
  keep(tenant: Tenant): void {
    this.tenants.add(tenant);
    if (this.#connection) tenant.connected();
    if (!this.#keeping) void this.#keep();
  }

  leave(tenant: Tenant): void {
    this.tenants.delete(tenant);
  }

  /** @param endSession whether its ephemeral nodes go at once, instead of when the session expires */
  close(endSession: boolean): void {
    this.#closed.abort();
    if (endSession) this.#connection?.endSession();
    else this.#connection?.destroy();
    this.#opening?.then((connection) => connection.destroy()).catch(() => {});
    this.tenants.clear();
  }

  async #keep(): Promise<void> {
    this.#keeping = true;
    const { signal } = this.#closed;
    let failures = 0;
    while (!signal.aborted && this.tenants.size > 0) {
      try {
        const connection = await this.#open();
        if (failures > 0) this.log?.info({ server: this.url.server }, 'connected again');
        failures = 0;
        await this.#ends.get(connection);
        if (!signal.aborted) throw new Error('the connection ended');
      } catch (error) {
        failures++;
        if (failures === 1 && !signal.aborted) {
          this.log?.warn({ server: this.url.server, error }, 'disconnected, the last known instances stay');
        }
        await delay(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
      }
    }
    this.#keeping = false;
  }

  #open(): Promise<ZkConnection> {
    if (this.closed) return Promise.reject(discoveryErrors.closed());
    if (this.#connection) return Promise.resolve(this.#connection);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<ZkConnection> {
    const { endpoints, tls, credentials } = this.url;
    const endpoint = endpoints[this.#endpoint % endpoints.length] ?? endpoints[0];
    this.#endpoint++;
    let ended = Promise.withResolvers<void>();
    const open = (session: Session) => {
      ended = Promise.withResolvers<void>();
      return ZkConnection.open({
        endpoint,
        ...(tls ? { tls } : {}),
        ...(credentials ? { credentials } : {}),
        sessionMs: this.sessionMs,
        session,
        onEvent: (path) => this.#tell((tenant) => tenant.changed(path)),
        onClose: ended.resolve,
      });
    };
    const connection = await open(this.#session).catch((error: unknown) => {
      if (!(error instanceof ZkError) || error.code !== SESSION_EXPIRED) throw error;
      this.log?.warn({ server: this.url.server }, 'session expired, a new one begins');
      this.#session = NO_SESSION;
      return open(NO_SESSION);
    });
    if (this.closed || connection.closed) {
      connection.destroy();
      throw new Error('the connection ended');
    }
    this.#ends.set(connection, ended.promise);
    void ended.promise.then(() => {
      if (this.#connection === connection) this.#connection = undefined;
    });
    this.#session = connection.session;
    this.#connection = connection;
    this.#tell((tenant) => tenant.connected());
    return connection;
  }

  #tell(about: (tenant: Tenant) => void): void {
    for (const tenant of [...this.tenants]) about(tenant);
  }
}
