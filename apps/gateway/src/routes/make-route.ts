import { isDeepStrictEqual } from 'node:util';
import { RookeryError } from '@rookery/observability';
import { RetryBudget } from '@rookery/resilience';
import { authByDefault } from '../filters/auth/by-default.ts';
import { Chain } from '../filters/chain.ts';
import type { Filter, FilterParts } from '../filters/filter.ts';
import { type FilterSettings, kindOf } from '../filters/filter-settings.ts';
import type { Closable, Shared } from '../filters/shared.ts';
import { RouteBreakers } from '../upstream/route-breakers.ts';
import { CompiledRoute } from './compiled-route.ts';
import { compilePredicates, type Predicate, type Slice } from './predicates.ts';
import { RetrySettings, type Route } from './route.ts';

export interface RouteParts extends Omit<FilterParts, 'route' | 'shared'> {
  readonly defaultFilters: readonly FilterSettings[];
  readonly shared: Shared;
}

/** Where a route stands among others. */
export interface RoutePlace {
  /** Of its weight group, where it has one. */
  readonly slice: Slice | undefined;
  /** The route of the same id that was in force before. */
  readonly before: CompiledRoute | undefined;
}

/** What most routes say; they share it, since there may be very many of them. */
const PLAIN_RETRY = retryOf(RetrySettings.parse({}));
const NO_PREDICATES: readonly Predicate[] = [];

/** A route with its filters, which are added to `made`: to be closed where the routes do not come in force. */
export function makeRoute(
  route: Route,
  { slice, before }: RoutePlace,
  parts: RouteParts,
  made: Filter[],
): CompiledRoute {
  const { retryMethods, retryStatuses, budget } = route.retry ? retryOf(route.retry) : PLAIN_RETRY;
  return new CompiledRoute(route, {
    slice,
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

function chainFor(route: Route, parts: RouteParts, made: Filter[]): Chain | undefined {
  const own = new Set(route.filters.map(({ name }) => name));
  const defaults = [...parts.defaultFilters, ...authByDefault(route, parts)];
  // A route that names a filter by itself means its own settings of it, not both.
  const settings = [...defaults.filter(({ name }) => !own.has(name)), ...route.filters];
  if (settings.length === 0) return undefined;
  const kinds = settings
    .map((one) => ({ one, kind: kindOf(one) }))
    .flatMap(({ one, kind }) => (kind ? [{ one, kind }] : []))
    .sort((a, b) => a.kind.order - b.kind.order);
  const shared: Closable[] = [];
  // These and no more: a filter that keeps them must not keep the routes before.
  const { registry, targets, metrics, logger, environment, clock, random } = parts;
  const noted = parts.shared.notedIn(shared);
  const filterParts = { route, registry, targets, metrics, logger, environment, clock, random, shared: noted };
  const filters = kinds.map(({ one, kind }) => {
    const filter = create(one.name, route, () => kind.create(one, filterParts));
    made.push(filter);
    return filter;
  });
  const onFailure = (filter: string, error: unknown) =>
    logger.warn({ event: 'filter.failed', filter, route: route.id, error });
  return new Chain({ filters, shared, readsFiles: kinds.some(({ kind }) => kind.readsFiles), onFailure });
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
