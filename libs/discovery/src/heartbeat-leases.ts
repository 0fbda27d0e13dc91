import type { Instance, Lease } from './discovery.ts';
import { HeartbeatLease, type Heartbeats } from './heartbeat-lease.ts';
import type { DiscoveryLog } from './log.ts';

/** The leases of one registry client, which end their heartbeats with it. */
export class HeartbeatLeases {
  readonly #leases = new Set<HeartbeatLease>();
  #closed = false;

  constructor(private readonly log: DiscoveryLog | undefined) {}

  async register(instance: Instance, leaseMs: number, heartbeats: Heartbeats): Promise<Lease> {
    const lease = new HeartbeatLease(instance, leaseMs, heartbeats, this.log, (it) => this.#leases.delete(it));
    await lease.start();
    this.#leases.add(lease);
    if (this.#closed) lease.stop();
    return lease;
  }

  /** Stops every heartbeat; what is registered expires. */
  close(): void {
    this.#closed = true;
    for (const lease of this.#leases) lease.stop();
    this.#leases.clear();
  }
}
