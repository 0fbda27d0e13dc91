import { isDeepStrictEqual } from 'node:util';
import { RookeryError } from '@rookery/observability';
import type { Clock, Random } from '@rookery/resilience';
import { RetryBudget } from '@rookery/resilience';
import { authByDefault } from '../filters/auth/by-default.ts';
import { Chain } from '../filters/chain.ts';
import type { Filter, FilterParts } from '../filters/filter.ts';
import { type FilterSettings, kindOf } from '../filters/filter-settings.ts';
import { RouteBreakers } from '../upstream/route-breakers.ts';
import { CompiledRoute, type RouteMatch } from './compiled-route.ts';
import { compilePredicates, type Predicate, slicesOf } from './predicates.ts';
import type { RequestFacts } from './request-facts.ts';
import { RetrySettings, type Route } from './route.ts';
import { RouteTable } from './route-table.ts';
import { atOnce, inSlices, type Steps } from './steps.ts';

export interface RouteSetParts extends Omit<FilterParts, 'route'> {
  readonly routes: readonly Route[];
  readonly defaultFilters: readonly FilterSettings[];
  /** The routes before: what a route has learned stays where its settings are the same. */
  readonly previous?: RouteSet | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/** What most routes say; they share it, since there may be very many of them. */
const PLAIN_RETRY = retryOf(RetrySettings.parse({}));
const NO_PREDICATES: readonly Predicate[] = [];

/** All routes in force at one moment, made whole before any of them is used. */
export class RouteSet {
  readonly routes: readonly CompiledRoute[];
  readonly #table: RouteTable;
  readonly #byId: ReadonlyMap<string, CompiledRoute>;
  #running = 0;
  #retired: (() => Promise<void>) | undefined;

  private constructor(byId: ReadonlyMap<string, CompiledRoute>, routes: readonly CompiledRoute[], table: RouteTable) {
    this.#byId = byId;
    this.routes = routes;
    this.#table = table;
  }

  /** Makes the routes and their filters; throws without having left anything open. */
  static make(parts: RouteSetParts): RouteSet {
    return atOnce(RouteSet.#making(parts));
  }

  /** The same while requests are served in between. */
  static makeInSlices(parts: RouteSetParts): Promise<RouteSet> {
    return inSlices(RouteSet.#making(parts));
  }

  static *#making(parts: RouteSetParts): Steps<RouteSet> {
    const slices = slicesOf(parts.routes.map(({ when }) => when));
    const made: Filter[] = [];
    try {
      const routes: CompiledRoute[] = [];
      const byId = new Map<string, CompiledRoute>();
      for (const [at, route] of parts.routes.entries()) {
        const one = compiled(route, slices[at], parts, made);
        routes.push(one);
        byId.set(route.id, one);
        yield;
      }
      return new RouteSet(byId, routes, yield* RouteTable.of(routes));
    } catch (error) {
      for (const filter of made) void filter.close?.();
      throw error;
    }
  }

  of(id: string): CompiledRoute | undefined {
    return this.#byId.get(id);
  }

  match(target: string, length: number, facts: RequestFacts): RouteMatch | undefined {
    return this.#table.match(target, length, facts);
  }

  /** An exchange through filters of this set begins: they stay open until it has ended. */
  begin(): void {
    this.#running++;
  }

  end(): void {
    this.#running--;
    if (this.#running === 0) this.#closeRetired();
  }

  /** Nothing new comes here: the filters close, then `after` runs, as soon as what is under way has ended. */
  retire(after: () => Promise<void>): void {
    this.#retired = after;
    if (this.#running === 0) this.#closeRetired();
  }

  #closeRetired(): void {
    const after = this.#retired;
    if (!after) return;
    this.#retired = undefined;
    void inSlices(this.#closing())
      .then((closed) => Promise.allSettled(closed))
      .then(after);
  }

  *#closing(): Steps<Promise<void>[]> {
    const closed: Promise<void>[] = [];
    for (const { chain } of this.routes) {
      if (chain) closed.push(chain.close());
      yield;
    }
    return closed;
  }
}

function compiled(
  route: Route,
  slice: ReturnType<typeof slicesOf>[number],
  parts: RouteSetParts,
  made: Filter[],
): CompiledRoute {
  const before = parts.previous?.of(route.id);
  const { retryMethods, retryStatuses, budget } = route.retry ? retryOf(route.retry) : PLAIN_RETRY;
  return new CompiledRoute(route, {
    predicates: route.when ? compilePredicates(route.when, { ...parts, slice }) : NO_PREDICATES,
    chain: chainFor(route, parts, made),
    breakers: !route.breaker
      ? undefined
      : ((isDeepStrictEqual(before?.route.breaker, route.breaker) ? before?.breakers : undefined) ??
        new RouteBreakers(route.breaker)),
    budget: !budget
      ? undefined
      : ((isDeepStrictEqual(before?.route.retry?.budget, budget) ? before?.budget : undefined) ??
        new RetryBudget(budget)),
    retryMethods,
    retryStatuses,
  });
}

function retryOf({ methods, statuses, budget }: RetrySettings) {
  return { retryMethods: new Set<string>(methods), retryStatuses: new Set<number>(statuses), budget };
}

function chainFor(route: Route, parts: RouteSetParts, made: Filter[]): Chain | undefined {
  const own = new Set(route.filters.map(({ name }) => name));
  const defaults = [...parts.defaultFilters, ...authByDefault(route, parts)];
  // A route that names a filter by itself means its own settings of it, not both.
  const settings = [...defaults.filter(({ name }) => !own.has(name)), ...route.filters];
  if (settings.length === 0) return undefined;
  const filters = settings
    .map((one) => ({ one, kind: kindOf(one) }))
    .flatMap(({ one, kind }) => (kind ? [{ one, kind }] : []))
    .sort((a, b) => a.kind.order - b.kind.order)
    .map(({ one, kind }) => {
      const filter = create(one.name, route, () => kind.create(one, { ...parts, route }));
      made.push(filter);
      return filter;
    });
  return new Chain(filters, (filter, error) =>
    parts.logger.warn({ event: 'filter.failed', filter, route: route.id, error }),
  );
}

/** Says which filter of which route could not be made. */
function create(name: string, route: Route, make: () => Filter): Filter {
  try {
    return make();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RookeryError('GATEWAY_SETTINGS', `The filter ${name} of route ${route.id} cannot be made: ${reason}`, {
      cause,
    });
  }
}
