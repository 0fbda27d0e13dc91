import type { Instance } from '@rookery/discovery';
import { Pool } from 'undici';

export interface PoolLimits {
  /** Connections to one instance. */
  connections: number;
  /** Requests to one instance that are under way or wait for a connection. */
  maxInFlight: number;
  connectTimeoutMs: number;
}

/** Connections to one instance. */
export class InstancePool {
  readonly pool: Pool;
  readonly #maxInFlight: number;
  inFlight = 0;

  constructor(
    readonly instance: Instance,
    limits: PoolLimits,
  ) {
    this.#maxInFlight = limits.maxInFlight;
    const host = instance.address.includes(':') ? `[${instance.address}]` : instance.address;
    this.pool = new Pool(`http://${host}:${instance.port}`, {
      connections: limits.connections,
      pipelining: 1,
      connectTimeout: limits.connectTimeoutMs,
      headersTimeout: 0,
      keepAliveTimeout: 4_000,
      keepAliveMaxTimeout: 60_000,
      allowH2: false,
    });
  }

  get isFull(): boolean {
    return this.inFlight >= this.#maxInFlight;
  }

  /** Lets what is under way end, at most `graceMs`, then closes every connection. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => void this.pool.destroy(), graceMs);
    try {
      await this.pool.close();
    } catch {
      // Destroyed by the timer meanwhile: that is a close too.
    } finally {
      clearTimeout(timer);
    }
  }
}
