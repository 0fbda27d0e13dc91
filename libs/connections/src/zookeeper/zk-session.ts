import { type Connected, KeptConnection, type Tenant } from '../kept-connection.ts';
import type { ConnectionLog } from '../log.ts';
import { reasonOf } from '../network-reason.ts';
import type { ServerUrl } from '../server-url.ts';
import type { JuteReader, JuteWriter } from './jute.ts';
import { NO_SESSION, SESSION_EXPIRED, type Session, ZkConnection, ZkError } from './zk-connection.ts';

/** A lease or a watch; with a new session its ephemeral nodes are gone. */
export interface ZkTenant extends Tenant {
  /** Something happened to a node that was asked about with a watch. */
  changed(path: string): void;
}

/** One ZooKeeper session over as many connections as it takes, and the session after it where it expired. */
export class ZkSession {
  readonly #kept: KeptConnection<ZkConnection, ZkTenant>;
  #session: Session = NO_SESSION;
  #grantedMs: number;
  #endpoint: number;

  constructor(
    readonly url: ServerUrl,
    private readonly sessionMs: number,
    private readonly log: ConnectionLog | undefined,
  ) {
    // Many clients that start together spread over the ensemble.
    this.#grantedMs = sessionMs;
    this.#endpoint = Math.floor(Math.random() * url.endpoints.length);
    const end = (connection: ZkConnection): void => connection.destroy();
    this.#kept = new KeptConnection(url.server, () => this.#connect(), end, log, url.errors);
  }

  get id(): bigint {
    return this.#session.id;
  }

  /** Its time, as the server granted it. */
  get grantedMs(): number {
    return this.#grantedMs;
  }

  get closed(): boolean {
    return this.#kept.closed;
  }

  get tenants(): Iterable<ZkTenant> {
    return this.#kept.tenants;
  }

  /** @param what for messages: `register orders-1` */
  async request(what: string, op: number, write: (writer: JuteWriter) => JuteWriter): Promise<JuteReader> {
    try {
      return await (await this.#kept.open()).request(op, write);
    } catch (error) {
      if (this.closed) throw this.url.errors.closed();
      if (error instanceof ZkError) {
        const refusal = this.url.errors.refused(this.url.server, what, error.message, error);
        throw Object.assign(refusal, { zkCode: error.code });
      }
      throw this.url.errors.unreachable(this.url.server, reasonOf(error), error);
    }
  }

  /** Keeps a connection for the tenant from now on. */
  keep(tenant: ZkTenant): void {
    this.#kept.keep(tenant);
  }

  leave(tenant: ZkTenant): void {
    this.#kept.leave(tenant);
  }

  /** @param endSession whether its ephemeral nodes go at once, instead of when the session expires */
  close(endSession: boolean): void {
    this.#kept.close((connection) => (endSession ? connection.endSession() : connection.destroy()));
  }

  async #connect(): Promise<Connected<ZkConnection>> {
    try {
      return await this.#connectWith(this.#session);
    } catch (error) {
      if (!(error instanceof ZkError) || error.code !== SESSION_EXPIRED) throw error;
      this.log?.warn({ server: this.url.server }, 'session expired, a new one begins');
      return this.#connectWith(NO_SESSION);
    }
  }

  async #connectWith(session: Session): Promise<Connected<ZkConnection>> {
    const { endpoints, tls, credentials } = this.url;
    const endpoint = endpoints[this.#endpoint % endpoints.length] ?? endpoints[0];
    this.#endpoint++;
    const { promise: ended, resolve: onClose } = Promise.withResolvers<void>();
    const connection = await ZkConnection.open({
      endpoint,
      ...(tls ? { tls } : {}),
      ...(credentials ? { credentials } : {}),
      sessionMs: this.sessionMs,
      session,
      onEvent: (path) => {
        for (const tenant of [...this.#kept.tenants]) tenant.changed(path);
      },
      onClose,
    });
    this.#session = connection.session;
    this.#grantedMs = connection.sessionMs;
    return { connection, ended };
  }
}
