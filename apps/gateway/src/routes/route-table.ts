import type { Route } from './route.ts';

/** Where a path leads. */
export interface RouteMatch {
  readonly route: Route;
  readonly service: string;
}

interface Node {
  literals: Map<string, Node>;
  named: Node | undefined;
  /** Route that ends here. */
  exact: Route | undefined;
  /** Route that takes any rest from here. */
  rest: Route | undefined;
}

const SERVICE_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

const node = (): Node => ({ literals: new Map(), named: undefined, exact: undefined, rest: undefined });

/** Finds a path's route by its segments: the cost depends on the path's depth, not on the number of routes. */
export class RouteTable {
  readonly #root = node();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#add(route);
  }

  /** The route of the first `length` characters of `target`, or undefined. */
  match(target: string, length: number): RouteMatch | undefined {
    const route = find(this.#root, target, 1, length);
    if (!route) return undefined;
    if (!route.service.startsWith('{')) return { route, service: route.service };
    const service = segmentOf(target, length, route.path.split('/').indexOf(route.service));
    return SERVICE_NAME.test(service) ? { route, service } : undefined;
  }

  #add(route: Route): void {
    let at = this.#root;
    for (const segment of route.path.split('/').slice(1)) {
      if (segment === '**') {
        at.rest = route;
        return;
      }
      if (segment === '') continue;
      if (segment.startsWith('{')) {
        at.named ??= node();
        at = at.named;
      } else {
        let next = at.literals.get(segment);
        if (!next) {
          next = node();
          at.literals.set(segment, next);
        }
        at = next;
      }
    }
    at.exact = route;
  }
}

function find(from: Node, target: string, start: number, length: number): Route | undefined {
  if (start >= length) return from.exact ?? from.rest;
  const slash = target.indexOf('/', start);
  const end = slash < 0 || slash > length ? length : slash;
  const literal = from.literals.size > 0 ? from.literals.get(target.slice(start, end)) : undefined;
  const found = literal && find(literal, target, end + 1, length);
  if (found) return found;
  return (from.named && end > start && find(from.named, target, end + 1, length)) || from.rest;
}

function segmentOf(target: string, length: number, index: number): string {
  let start = 1;
  for (let skip = index; skip > 1; skip--) start = target.indexOf('/', start) + 1;
  const slash = target.indexOf('/', start);
  return target.slice(start, slash < 0 || slash > length ? length : slash);
}
