import { isDeepStrictEqual } from 'node:util';
import type { Filter } from '../filters/filter.ts';
import type { FilterSettings } from '../filters/filter-settings.ts';
import type { CompiledRoute, RouteMatch } from './compiled-route.ts';
import { makeRoute, type RouteParts } from './make-route.ts';
import { type Slice, slicesOf } from './predicates.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Route } from './route.ts';
import { inOrder, RouteTable } from './route-table.ts';
import { atOnce, inSlices, type Steps } from './steps.ts';

export interface RouteSetParts extends RouteParts {
  readonly routes: readonly Route[];
  /** The routes before: one whose settings are the same stays, and so does what others have learned. */
  readonly previous?: RouteSet | undefined;
}

/** All routes in force at one moment, made whole before any of them is used. */
export class RouteSet {
  /** In the order in which those of one path are asked. */
  readonly routes: readonly CompiledRoute[];
  readonly #defaultFilters: readonly FilterSettings[];
  readonly #table: RouteTable;
  readonly #byId: ReadonlyMap<string, CompiledRoute>;
  #running = 0;
  #retired: (() => Promise<void>) | undefined;

  private constructor(
    { defaultFilters }: RouteSetParts,
    byId: ReadonlyMap<string, CompiledRoute>,
    routes: readonly CompiledRoute[],
    table: RouteTable,
  ) {
    this.#defaultFilters = defaultFilters;
    this.#byId = byId;
    this.routes = routes;
    this.#table = table;
    for (const { chain } of routes) chain?.hold();
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
    const reusable = parts.previous?.under(parts.defaultFilters);
    const made: Filter[] = [];
    try {
      const byId = new Map<string, CompiledRoute>();
      for (const [at, route] of parts.routes.entries()) {
        const slice = slices[at];
        const same = reusable?.same(route, slice);
        if (same?.chain) parts.shared.keep(same.chain.shared);
        const before = parts.previous?.of(route.id);
        byId.set(route.id, same ?? makeRoute(route, { slice, before }, parts, made));
        yield;
      }
      const routes = yield* inOrder([...byId.values()]);
      return new RouteSet(parts, byId, routes, yield* RouteTable.of(routes));
    } catch (error) {
      for (const filter of made) void filter.close?.();
      throw error;
    }
  }

  of(id: string): CompiledRoute | undefined {
    return this.#byId.get(id);
  }

  /** Itself, where its routes were made with these filters too. */
  under(defaultFilters: readonly FilterSettings[]): RouteSet | undefined {
    return isDeepStrictEqual(this.#defaultFilters, defaultFilters) ? this : undefined;
  }

  /** The route of the same settings, where nothing else goes into it. */
  same(route: Route, slice: Slice | undefined): CompiledRoute | undefined {
    const known = this.of(route.id);
    if (!known || !isDeepStrictEqual(known.route, route) || !isDeepStrictEqual(known.slice, slice)) return undefined;
    return known.chain?.readsFiles ? undefined : known;
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
      const closing = chain?.release();
      if (closing) closed.push(closing);
      yield;
    }
    return closed;
  }
}
