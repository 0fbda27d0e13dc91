import { PassiveBreaker, type PassiveBreakerOptions } from '@rookery/resilience';

/** Services that one route can lead to; beyond them the oldest is forgotten. */
const MAX_SERVICES = 1_000;

/** A route's own circuit breakers, one for each service that it leads to. */
export class RouteBreakers {
  readonly #options: PassiveBreakerOptions;
  readonly #byService = new Map<string, PassiveBreaker>();

  constructor(options: PassiveBreakerOptions) {
    this.#options = options;
  }

  get all(): ReadonlyMap<string, PassiveBreaker> {
    return this.#byService;
  }

  of(service: string): PassiveBreaker {
    const known = this.#byService.get(service);
    if (known) return known;
    if (this.#byService.size >= MAX_SERVICES) {
      const [oldest] = this.#byService.keys();
      if (oldest !== undefined) this.#byService.delete(oldest);
    }
    const breaker = new PassiveBreaker(this.#options);
    this.#byService.set(service, breaker);
    return breaker;
  }
}
