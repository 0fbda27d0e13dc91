import type { CompiledRoute, RouteMatch } from './compiled-route.ts';
import type { RequestFacts } from './request-facts.ts';

/** A route and its place among those of its path: the lower is asked earlier. */
interface Ranked {
  readonly rank: number;
  readonly compiled: CompiledRoute;
}

/**
 * The routes of one path, in the order in which they are asked. Those that name hosts are found by the host, so that ten
 * thousand hosts on one path cost no more than one.
 */
export class Leaf {
  readonly #anyHost: Ranked[] = [];
  #byHost: Map<string, Ranked[]> | undefined;
  #size = 0;

  /** Routes must come in the order in which they shall be asked. */
  add(compiled: CompiledRoute): void {
    const ranked = { rank: this.#size++, compiled };
    const { hosts } = compiled.route.when ?? {};
    if (!hosts) {
      this.#anyHost.push(ranked);
      return;
    }
    this.#byHost ??= new Map();
    for (const host of new Set(hosts)) {
      const list = this.#byHost.get(host);
      if (list) list.push(ranked);
      else this.#byHost.set(host, [ranked]);
    }
  }

  match(target: string, length: number, facts: RequestFacts): RouteMatch | undefined {
    return this.#byHost
      ? firstOf(this.#listsFor(this.#byHost, facts.hostName), target, length, facts)
      : firstIn(this.#anyHost, target, length, facts);
  }

  #listsFor(byHost: ReadonlyMap<string, Ranked[]>, host: string): readonly Ranked[][] {
    const lists = [this.#anyHost];
    const exact = byHost.get(host);
    if (exact) lists.push(exact);
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const below = byHost.get(`*${host.slice(dot)}`);
      if (below) lists.push(below);
    }
    return lists;
  }
}

function firstIn(
  routes: readonly Ranked[],
  target: string,
  length: number,
  facts: RequestFacts,
): RouteMatch | undefined {
  for (const { compiled } of routes) {
    const match = compiled.matchFor(target, length, facts);
    if (match) return match;
  }
  return undefined;
}

/** Asks several sorted lists in the order of rank. */
function firstOf(
  lists: readonly (readonly Ranked[])[],
  target: string,
  length: number,
  facts: RequestFacts,
): RouteMatch | undefined {
  const reached = lists.map(() => 0);
  for (;;) {
    let next: Ranked | undefined;
    let from = -1;
    for (const [at, list] of lists.entries()) {
      const candidate = list[reached[at] as number];
      if (!candidate || (next && candidate.rank >= next.rank)) continue;
      next = candidate;
      from = at;
    }
    if (!next) return undefined;
    reached[from] = (reached[from] as number) + 1;
    const match = next.compiled.matchFor(target, length, facts);
    if (match) return match;
  }
}
