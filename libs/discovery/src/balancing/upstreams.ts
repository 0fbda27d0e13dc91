import type { Registry } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';
import { Upstream, type UpstreamOptions } from './upstream.ts';

/** Services watched at once when nothing else is said. */
const MAX_SERVICES = 1_000;

/** The watched services of a process, one {@link Upstream} each. Ask it anew for each call: `of` is one map look-up. */
export class Upstreams {
  readonly #registry: Pick<Registry, 'watch'>;
  readonly #options: UpstreamOptions & { maxServices?: number };
  readonly #byService = new Map<string, Upstream>();

  constructor(registry: Pick<Registry, 'watch'>, options: UpstreamOptions & { maxServices?: number } = {}) {
    this.#registry = registry;
    this.#options = options;
  }

  /** How many services are watched. */
  get size(): number {
    return this.#byService.size;
  }

  /**
   * The service's upstream; begins to watch it at the first call. When the limit is reached, the oldest service
   * without instances gives way; when each has instances this throws `DISCOVERY_TOO_MANY_SERVICES`.
   */
  of(service: string): Upstream {
    const known = this.#byService.get(service);
    if (known) return known;
    this.#makeRoom(this.#options.maxServices ?? MAX_SERVICES);
    const upstream = new Upstream(service, this.#registry, this.#options);
    this.#byService.set(service, upstream);
    return upstream;
  }

  /** Stops every watch. */
  close(): void {
    for (const upstream of this.#byService.values()) upstream.close();
    this.#byService.clear();
  }

  #makeRoom(limit: number): void {
    if (this.#byService.size < limit) return;
    for (const [service, upstream] of this.#byService) {
      if (upstream.instances.length > 0 || upstream.busy) continue;
      upstream.close();
      this.#byService.delete(service);
      return;
    }
    throw discoveryErrors.tooManyServices(limit);
  }
}
