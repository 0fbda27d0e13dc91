import { GrpcConnection, loadGrpc, type Method } from '../grpc/grpc-connection.ts';
import { type Connected, KeptConnection, type Tenant } from '../kept-connection.ts';
import type { ConnectionLog } from '../log.ts';
import type { ServerUrl } from '../server-url.ts';
import { NacosLogin } from './nacos-login.ts';
import { type NacosMessage, nacosProtocol } from './nacos-protocol.ts';
import { NacosForbidden, NacosSession } from './nacos-session.ts';

/** From the port that a Nacos address names to that of its gRPC. */
const GRPC_PORT_OFFSET = 1_000;
const TRIES_PER_WAIT = 3;

/** A registration or a watch; with a new connection the server knows nothing of it. */
export interface NacosTenant extends Tenant {
  /** The server says something by itself. */
  pushed(message: NacosMessage): void;
}

export interface NacosConnectionOptions {
  module: 'naming' | 'config';
  namespace: string;
  /** How long the connection may be silent, in ms. */
  waitMs: number;
  log: ConnectionLog | undefined;
}

/** A client of Nacos 2 and 3 over gRPC, with the token of its user, and connections one after the other. */
export class NacosConnection {
  readonly #kept: KeptConnection<NacosSession, NacosTenant>;
  readonly #grpc: GrpcConnection;
  readonly #method: (path: string) => Method;
  readonly #login: NacosLogin;

  private constructor(
    readonly url: ServerUrl,
    private readonly options: NacosConnectionOptions,
    { grpc, method }: Awaited<ReturnType<typeof loadGrpc>>,
  ) {
    this.#grpc = new GrpcConnection(grpc, url, GRPC_PORT_OFFSET);
    this.#method = method;
    this.#login = new NacosLogin(url);
    const end = (session: NacosSession): void => session.end();
    this.#kept = new KeptConnection(url.server, () => this.#connect(), end, options.log, url.errors);
  }

  static async to(url: ServerUrl, options: NacosConnectionOptions): Promise<NacosConnection> {
    return new NacosConnection(url, options, await loadGrpc(nacosProtocol, url.errors));
  }

  get closed(): boolean {
    return this.#kept.closed;
  }

  /** Throws where there is no connection and none can be opened. */
  async open(): Promise<void> {
    await this.#kept.open();
  }

  /** @param what for messages: `register orders-1` */
  async ask<Answer extends object>(
    type: string,
    body: Record<string, unknown>,
    what: string,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const { errors, server } = this.url;
    const message = { type, body };
    try {
      try {
        return await (await this.#kept.open()).ask<Answer>(message, what, signal);
      } catch (error) {
        if (!(error instanceof NacosForbidden) || !this.url.credentials) throw error;
        // A token ends with its time, or with the server that gave it.
        this.#login.forget();
        return await (await this.#kept.open()).ask<Answer>(message, what, signal);
      }
    } catch (error) {
      if (this.closed) throw errors.closed();
      if (error instanceof NacosForbidden) throw errors.refused(server, what, error.message, error);
      throw error;
    }
  }

  /** Keeps a connection for the tenant from now on. */
  keep(tenant: NacosTenant): void {
    this.#kept.keep(tenant);
  }

  leave(tenant: NacosTenant): void {
    this.#kept.leave(tenant);
  }

  close(): void {
    this.#kept.close();
    this.#grpc.close();
  }

  async #connect(): Promise<Connected<NacosSession>> {
    const connection = await NacosSession.open({
      ...{ grpc: this.#grpc, method: this.#method, url: this.url },
      module: this.options.module,
      namespace: this.options.namespace,
      tryMs: this.options.waitMs / TRIES_PER_WAIT,
      headers: () => this.#login.headers(this.#grpc.endpoint),
      onMessage: (message) => {
        for (const tenant of [...this.#kept.tenants]) tenant.pushed(message);
      },
    });
    return { connection, ended: connection.ended };
  }
}
