import { randomUUID } from 'node:crypto';
import type { Registry } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { type Balance, DEFAULT_BALANCE } from './balance.ts';
import type { Upstream, UpstreamOptions } from './upstream.ts';
import { WatchedService } from './watched-service.ts';

/** Services watched at once when nothing else is said. */
const MAX_SERVICES = 1_000;

export interface UpstreamsOptions extends UpstreamOptions {
  maxServices?: number;
  /** How services are balanced whose callers say nothing. */
  balance?: Readonly<Record<string, Balance>>;
}

/** The watched services of a process, one {@link Upstream} each. Ask it anew for each call: `of` is one map look-up. */
export class Upstreams {
  readonly #registry: Pick<Registry, 'watch'>;
  readonly #options: UpstreamsOptions;
  readonly #byService = new Map<string, WatchedService>();
  #balances: Readonly<Record<string, Balance>>;

  constructor(registry: Pick<Registry, 'watch'>, options: UpstreamsOptions = {}) {
    this.#registry = registry;
    this.#options = { ...options, identity: options.identity ?? randomUUID() };
    this.#balances = options.balance ?? {};
  }

  /** How many services are watched. */
  get size(): number {
    return this.#byService.size;
  }

  /**
   * The service's upstream; begins to watch it at the first call. When the limit is reached, the oldest service
   * without instances gives way; when each has instances this throws `DISCOVERY_TOO_MANY_SERVICES`.
   * @param balance the rules of this caller; those of the service when not given. All callers share one watch
   */
  of(service: string, balance?: Balance): Upstream {
    const watched = this.#byService.get(service) ?? this.#begin(service);
    return balance === undefined ? watched.own : watched.under(balance);
  }

  /** From now on services are balanced so where their callers say nothing, also those that are watched already. */
  useBalances(balances: Readonly<Record<string, Balance>>): void {
    this.#balances = balances;
    for (const [service, { own }] of this.#byService) {
      const balance = this.#balanceOf(service);
      if (JSON.stringify(balance) !== JSON.stringify(own.balance)) own.useBalance(balance);
    }
  }

  /** Stops every watch. */
  close(): void {
    for (const watched of this.#byService.values()) watched.close();
    this.#byService.clear();
  }

  #begin(service: string): WatchedService {
    this.#makeRoom(this.#options.maxServices ?? MAX_SERVICES);
    const watched = new WatchedService(service, this.#registry, this.#balanceOf(service), this.#options);
    this.#byService.set(service, watched);
    return watched;
  }

  #balanceOf(service: string): Balance {
    return (Object.hasOwn(this.#balances, service) ? this.#balances[service] : undefined) ?? DEFAULT_BALANCE;
  }

  #makeRoom(limit: number): void {
    if (this.#byService.size < limit) return;
    for (const [service, watched] of this.#byService) {
      if (watched.instances.length > 0 || watched.own.busy) continue;
      watched.close();
      this.#byService.delete(service);
      return;
    }
    throw discoveryErrors.tooManyServices(limit);
  }
}
