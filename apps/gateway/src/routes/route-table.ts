import type { CompiledRoute, RouteMatch } from './compiled-route.ts';
import { Leaf } from './leaf.ts';
import type { RequestFacts } from './request-facts.ts';
import type { Steps } from './steps.ts';
import { MOST_PREDICATES, predicatesIn } from './when.ts';

interface Node {
  literals: Map<string, Node> | undefined;
  named: Node | undefined;
  /** Routes that end here. */
  exact: Leaf | undefined;
  /** Routes that take any rest from here. */
  rest: Leaf | undefined;
}

const node = (): Node => ({ literals: undefined, named: undefined, exact: undefined, rest: undefined });

/** Finds a request's route by the segments of its path: the cost depends on the path's depth, not on the number of routes. */
export class RouteTable {
  readonly #root = node();

  /** @param routes in the order in which those of one path are asked ({@link inOrder}) */
  static *of(routes: readonly CompiledRoute[]): Steps<RouteTable> {
    const table = new RouteTable();
    for (const compiled of routes) {
      table.#add(compiled);
      yield;
    }
    return table;
  }

  /** Where a request leads whose path is the first `length` characters of `target`; undefined where no route takes it. */
  match(target: string, length: number, facts: RequestFacts): RouteMatch | undefined {
    return find(this.#root, target, 1, length, facts);
  }

  #add(compiled: CompiledRoute): void {
    let at = this.#root;
    for (const segment of compiled.route.path.split('/').slice(1)) {
      if (segment === '**') {
        at.rest ??= new Leaf();
        at.rest.add(compiled);
        return;
      }
      if (segment === '') continue;
      if (segment.startsWith('{')) {
        at.named ??= node();
        at = at.named;
      } else {
        at.literals ??= new Map();
        let next = at.literals.get(segment);
        if (!next) {
          next = node();
          at.literals.set(segment, next);
        }
        at = next;
      }
    }
    at.exact ??= new Leaf();
    at.exact.add(compiled);
  }
}

/** By priority, then those that want more of a request; those that are alike in both together, as they stand. */
export function* inOrder(routes: readonly CompiledRoute[]): Steps<readonly CompiledRoute[]> {
  const alike = new Map<number, CompiledRoute[]>();
  for (const compiled of routes) {
    const { priority, when } = compiled.route;
    const order = priority * (MOST_PREDICATES + 1) + (when ? predicatesIn(when) : 0);
    const list = alike.get(order);
    if (list) list.push(compiled);
    else alike.set(order, [compiled]);
    yield;
  }
  return [...alike].sort(([a], [b]) => b - a).flatMap(([, list]) => list);
}

function find(from: Node, target: string, start: number, length: number, facts: RequestFacts): RouteMatch | undefined {
  if (start >= length) return from.exact?.match(target, length, facts) ?? from.rest?.match(target, length, facts);
  const slash = target.indexOf('/', start);
  const end = slash < 0 || slash > length ? length : slash;
  const literal = from.literals ? literalFor(from.literals, target.slice(start, end)) : undefined;
  const found = literal && find(literal, target, end + 1, length, facts);
  if (found) return found;
  return (
    (from.named && end > start && find(from.named, target, end + 1, length, facts)) ||
    from.rest?.match(target, length, facts)
  );
}

/** What follows a `;` some instances cut off: it must not lead past the route of what is left. */
function literalFor(literals: ReadonlyMap<string, Node>, segment: string): Node | undefined {
  const found = literals.get(segment);
  if (found) return found;
  const end = segment.indexOf(';');
  return end < 0 ? undefined : literals.get(segment.slice(0, end));
}
