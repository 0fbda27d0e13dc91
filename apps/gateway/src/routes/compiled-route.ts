import type { PassiveBreaker, RetryBudget } from '@rookery/resilience';
import type { Chain } from '../filters/chain.ts';
import type { RouteBreakers } from '../upstream/route-breakers.ts';
import type { Target } from '../upstream/target.ts';
import type { Predicate, Slice } from './predicates.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Route } from './route.ts';

const SERVICE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** Stands for the service in metrics and logs where a filter answers by itself. */
export const NO_SERVICE = 'none';

export interface CompiledParts {
  /** Of its weight group, where it has one. */
  readonly slice: Slice | undefined;
  readonly predicates: readonly Predicate[];
  readonly chain: Chain | undefined;
  readonly breakers: RouteBreakers | undefined;
  readonly budget: RetryBudget | undefined;
  readonly retryMethods: ReadonlySet<string>;
  readonly retryStatuses: ReadonlySet<number>;
}

/** A route with everything that can be known of it before a request comes. */
export class CompiledRoute implements CompiledParts {
  readonly slice: Slice | undefined;
  readonly predicates: readonly Predicate[];
  /** Undefined where the route has no filter. */
  readonly chain: Chain | undefined;
  /** Undefined where the service's own breaker decides. */
  readonly breakers: RouteBreakers | undefined;
  /** Undefined where the service's own budget pays. */
  readonly budget: RetryBudget | undefined;
  readonly retryMethods: ReadonlySet<string>;
  readonly retryStatuses: ReadonlySet<number>;
  /** What a match answers, where the service does not stand in the path. */
  readonly match: RouteMatch | undefined;
  readonly #serviceAt: number;
  readonly #names: readonly { name: string; at: number }[];

  constructor(
    readonly route: Route,
    parts: CompiledParts,
  ) {
    this.slice = parts.slice;
    this.predicates = parts.predicates;
    this.chain = parts.chain;
    this.breakers = parts.breakers;
    this.budget = parts.budget;
    this.retryMethods = parts.retryMethods;
    this.retryStatuses = parts.retryStatuses;
    const segments = route.path.split('/');
    const service = route.service ?? NO_SERVICE;
    this.#serviceAt = service.startsWith('{') ? segments.indexOf(service) : -1;
    this.match = this.#serviceAt < 0 ? { compiled: this, service } : undefined;
    this.#names = segments.flatMap((segment, at) =>
      segment.startsWith('{') ? [{ name: segment.slice(1, -1), at }] : [],
    );
  }

  /** The match for a path of this route's shape; undefined where a predicate, or what stands for the service, says no. */
  matchFor(target: string, length: number, facts: RequestFacts): RouteMatch | undefined {
    for (const predicate of this.predicates) if (!predicate(facts)) return undefined;
    if (this.match) return this.match;
    const service = segmentOf(target, length, this.#serviceAt);
    return SERVICE_NAME.test(service) ? { compiled: this, service } : undefined;
  }

  /** The breaker that decides for a service on this route. */
  breakerOf({ service, breaker }: Target): PassiveBreaker {
    return this.breakers?.of(service) ?? breaker;
  }

  /** The budget that pays for retries at a service on this route. */
  budgetOf({ budget }: Target): RetryBudget {
    return this.budget ?? budget;
  }

  /** What stands in a path of this route's shape for each of its names, still encoded. */
  paramsOf(path: string): Record<string, string> {
    const segments = path.split('/');
    return Object.fromEntries(this.#names.map(({ name, at }) => [name, segments[at] ?? '']));
  }
}

/** Where a request leads. */
export interface RouteMatch {
  readonly compiled: CompiledRoute;
  readonly service: string;
}

function segmentOf(target: string, length: number, index: number): string {
  let start = 1;
  for (let skip = index; skip > 1; skip--) start = target.indexOf('/', start) + 1;
  const slash = target.indexOf('/', start);
  return target.slice(start, slash < 0 || slash > length ? length : slash);
}
