import { isDeepStrictEqual } from 'node:util';
import type { Registry, Upstreams } from '@rookery/discovery';
import type { RookeryError } from '@rookery/observability';
import type { PoolLimits } from './instance-pool.ts';
import { Target } from './target.ts';

/** Its own name in the registry: a request to it would come back for ever. */
const ITSELF = 'gateway';
/** Below the number of services that Upstreams watches at once. */
const MAX_SERVICES = 1_000;
const SWEEP_MS = 1_000;

/**
 * The services that can be called: those that the registry named since the start. A name that a client makes up
 * costs nothing, and a service that is wholly down stays known.
 */
export class Targets {
  readonly #upstreams: Upstreams;
  #limits: PoolLimits;
  readonly #targets = new Map<string, Target>();
  readonly #watch: { ready: Promise<void>; close(): void };
  readonly #sweep: NodeJS.Timeout;
  readonly #onRefused: (error: RookeryError) => void;

  /** @param onRefused hears of certificates that cannot be used; those before them stay. */
  constructor(
    registry: Registry,
    upstreams: Upstreams,
    limits: PoolLimits,
    onRefused: (error: RookeryError) => void = () => {},
  ) {
    this.#onRefused = onRefused;
    this.#upstreams = upstreams;
    this.#limits = limits;
    this.#watch = registry.watchServices((services) => {
      for (const service of services) this.#add(service);
    });
    this.#sweep = setInterval(() => {
      this.#lookAtCertificates();
      for (const target of this.#targets.values()) target.reconcile();
    }, SWEEP_MS).unref();
  }

  /** Settles when the registry has named the services. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Undefined for a service that never registered. */
  of(service: string): Target | undefined {
    return this.#targets.get(service);
  }

  /** The service, where clients of the gateway may call it. */
  open(service: string): Target | undefined {
    const target = service === ITSELF ? undefined : this.of(service);
    return target?.isInternal ? undefined : target;
  }

  all(): readonly Target[] {
    return [...this.#targets.values()];
  }

  /** From now on connections are made within these limits; those that are open drain where they changed. */
  useLimits(limits: PoolLimits): void {
    const [{ tls: _, ...given }, { tls: __, ...before }] = [limits, this.#limits];
    if (limits.tls === this.#limits.tls && isDeepStrictEqual(given, before)) return;
    this.#limits = limits;
    for (const target of this.all()) target.useLimits(limits);
  }

  /** Closes every connection; what is under way may take `graceMs`. The registry and the upstreams stay. */
  async close(graceMs: number): Promise<void> {
    clearInterval(this.#sweep);
    this.#watch.close();
    await Promise.all(this.all().map((target) => target.close(graceMs)));
  }

  /** New certificates are for new connections; those that are open drain. */
  #lookAtCertificates(): void {
    try {
      if (this.#limits.tls.refresh()) for (const target of this.all()) target.useLimits(this.#limits);
    } catch (error) {
      this.#onRefused(error as RookeryError);
    }
  }

  #add(service: string): void {
    if (this.#targets.has(service) || !this.#hasRoom()) return;
    const target = new Target(service, this.#upstreams, this.#limits);
    this.#targets.set(service, target);
    target.ready().catch(() => {});
  }
  /** Forgets the oldest service without instances when there are too many. */
  #hasRoom(): boolean {
    if (this.#targets.size < MAX_SERVICES) return true;
    const gone = this.all().find(({ instances }) => instances.length === 0);
    if (!gone) return false;
    void gone.close(0);
    return this.#targets.delete(gone.service);
  }
}
