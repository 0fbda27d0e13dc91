import { type Balance, type Instance, isInternal, type Upstream, type Upstreams } from '@rookery/discovery';
import { PassiveBreaker, RetryBudget } from '@rookery/resilience';
import { InstancePool, type PoolLimits } from './instance-pool.ts';
import { isCalledAlike } from './upstream-tls.ts';

/** How a try ended, seen from the instance; unknown when it had no fair chance. */
export type Outcome = 'answered' | 'failed' | 'unknown';

const CLOSE_GRACE_MS = 30_000;

/**
 * One service as the gateway calls it: connections to its instances, its breaker and its retry budget. Which instance
 * is asked, and that one which failed is left alone for a while, is the Upstream's part.
 */
export class Target {
  readonly breaker = new PassiveBreaker({ consecutive: 50, minimumCalls: 20, openMs: 1_000, maxOpenMs: 10_000 });
  readonly budget = new RetryBudget({ ratio: 0.2, burst: 128, perSecond: 10 });
  readonly #upstreams: Upstreams;
  #limits: PoolLimits;
  readonly #pools = new Map<string, InstancePool>();
  #seen: readonly Instance[] = [];
  #isReady = false;
  #isInternal = false;

  constructor(
    readonly service: string,
    upstreams: Upstreams,
    limits: PoolLimits,
  ) {
    this.#upstreams = upstreams;
    this.#limits = limits;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Settles when the registry has said which instances there are. */
  async ready(): Promise<void> {
    await this.#upstream.ready;
    this.#isReady = true;
  }

  /** For the platform only; stays so while the service has no instance. */
  get isInternal(): boolean {
    this.reconcile();
    return this.#isInternal;
  }

  get instances(): readonly Instance[] {
    return this.#upstream.instances;
  }

  /** An instance that was not tried yet, with its connections; by the rules of a route, where that has its own. */
  choose(tried?: ReadonlySet<string>, balance?: Balance, key?: string): InstancePool | undefined {
    let instance: Instance | undefined;
    try {
      this.reconcile();
      instance = this.#upstreams.of(this.service, balance).pick(tried, key);
    } catch {
      // Too many services are watched: this one has no instance that could be known.
    }
    if (!instance) return undefined;
    let pool = this.#pools.get(instance.id);
    if (!pool) {
      pool = new InstancePool(instance, this.#limits);
      this.#pools.set(instance.id, pool);
    }
    return pool;
  }

  /** Whether an instance is called by TLS. */
  isSecure(instance: Instance): boolean {
    return this.#limits.tls.for(instance) !== undefined;
  }

  /** Requests that are under way at an instance. */
  inFlightAt(id: string): number {
    return this.#pools.get(id)?.inFlight ?? 0;
  }

  begin(pool: InstancePool): void {
    pool.inFlight++;
    this.#upstream.begin(pool.instance);
  }

  end(pool: InstancePool, latencyMs: number, outcome: Outcome): void {
    pool.inFlight--;
    this.#upstream.end(pool.instance, latencyMs, outcome !== 'failed');
  }

  /** Closes the connections of instances that left. */
  reconcile(): void {
    const { instances } = this.#upstream;
    if (instances === this.#seen) return;
    this.#seen = instances;
    if (instances.length > 0) this.#isInternal = instances.some(isInternal);
    const present = new Map(instances.map((instance) => [instance.id, instance]));
    for (const [id, pool] of this.#pools) {
      const instance = present.get(id);
      if (instance && isCalledAlike(instance, pool.instance)) continue;
      this.#pools.delete(id);
      void pool.close(CLOSE_GRACE_MS);
    }
  }

  /** Lets the connections that there are drain, and makes others within these limits. */
  useLimits(limits: PoolLimits): void {
    this.#limits = limits;
    void this.close(CLOSE_GRACE_MS);
  }

  /** Closes all connections, what is under way at the latest after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.close(graceMs)));
  }

  get #upstream(): Upstream {
    return this.#upstreams.of(this.service);
  }
}
