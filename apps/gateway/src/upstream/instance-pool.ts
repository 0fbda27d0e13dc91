import type { ConnectionOptions } from 'node:tls';
import type { Instance } from '@rookery/discovery';
import { Pool } from 'undici';
import { hostInUrl } from '../host-in-url.ts';
import { Connections } from './connections.ts';
import type { UpstreamTls } from './upstream-tls.ts';

export interface PoolLimits {
  /** Connections to one instance. */
  connections: number;
  /** Requests to one instance that are under way or wait for a connection. */
  maxInFlight: number;
  connectTimeoutMs: number;
  tls: UpstreamTls;
}

/** The types of undici know this option for a single client only. */
type Http2Options = Pool.Options & { useH2c: boolean };

/** Each carries a hundred calls at once. */
const GRPC_CONNECTIONS = 16;

/** Connections to one instance. */
export class InstancePool {
  readonly http: Connections;
  readonly #limits: PoolLimits;
  readonly #tls: ConnectionOptions | undefined;
  #grpc: Pool | undefined;
  #upgrades: Pool | undefined;
  inFlight = 0;

  constructor(
    readonly instance: Instance,
    limits: PoolLimits,
  ) {
    this.#limits = limits;
    this.#tls = limits.tls.for(instance);
    const { address, port } = instance;
    const { connections, connectTimeoutMs } = limits;
    this.http = new Connections({ address, port, tls: this.#tls, connectTimeoutMs }, connections);
  }

  /** The name that its certificate must bear; whatever host a request speaks of. */
  get serverName(): string | undefined {
    return this.#tls?.servername;
  }

  /** For requests to upgrade, which take their connection with them. */
  get upgrades(): Pool {
    this.#upgrades ??= new Pool(this.#origin(this.instance.port), {
      connections: this.#limits.connections,
      connect: { ...this.#tls, timeout: this.#limits.connectTimeoutMs, allowH2: false },
      headersTimeout: 0,
      allowH2: false,
    });
    return this.#upgrades;
  }

  /** HTTP/2 to its gRPC port; undefined where it has none. */
  get grpc(): Pool | undefined {
    const { grpcPort } = this.instance;
    if (grpcPort === undefined) return undefined;
    const options: Http2Options = {
      connections: GRPC_CONNECTIONS,
      connectTimeout: this.#limits.connectTimeoutMs,
      headersTimeout: 0,
      keepAliveTimeout: 60_000,
      allowH2: true,
      useH2c: !this.#tls,
      ...this.#connect,
    };
    this.#grpc ??= new Pool(this.#origin(grpcPort), options);
    return this.#grpc;
  }

  get isFull(): boolean {
    return this.inFlight >= this.#limits.maxInFlight;
  }

  /** Lets what is under way end, at most `graceMs`, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    const pools = [this.http, this.#grpc, this.#upgrades].filter((pool) => pool !== undefined);
    const timer = setTimeout(() => {
      for (const pool of pools) void pool.destroy();
    }, graceMs);
    try {
      await Promise.all(pools.map((pool) => pool.close()));
    } catch {
      // Destroyed by the timer meanwhile: that is a close too.
    } finally {
      clearTimeout(timer);
    }
  }

  #origin(port: number): string {
    return `${this.#tls ? 'https' : 'http'}://${hostInUrl(this.instance.address)}:${port}`;
  }

  get #connect(): { connect?: ConnectionOptions & { timeout: number } } {
    // An object here stands in for connectTimeout too.
    return this.#tls ? { connect: { ...this.#tls, timeout: this.#limits.connectTimeoutMs } } : {};
  }
}
