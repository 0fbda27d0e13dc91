import type { PassiveBreaker } from '@rookery/resilience';
import type { Gateway } from '../../gateway.ts';
import type { RouteTotals } from '../../observe/request-metrics.ts';
import type { Target } from '../../upstream/target.ts';
import type { SeenResource } from './resource-row.ts';

const SECOND_MS = 1_000;
/** Readings that are kept: rates are of so many seconds. */
const SECONDS = 10;
const CHANGES = 20;

type Change = SeenResource['changes'][number];
interface Reading {
  readonly atMs: number;
  readonly totals: ReadonlyMap<string, RouteTotals>;
}

/** A circuit of the data path, and of what it is one. */
interface Circuit {
  readonly resource: string;
  readonly of: string;
  readonly breaker: PassiveBreaker;
}

const NOTHING: RouteTotals = { requests: 0, errors: 0, refused: 0, slow: 0, sumMs: 0 };

/**
 * The gateway's own part: each route and each service behind it, as a resource. The data path only counts; once a second
 * its counts and the states of its breakers are read here.
 */
export class GatewayResources {
  readonly #gateway: Gateway;
  readonly #timer: NodeJS.Timeout;
  #readings: Reading[] = [];
  #states = new Map<string, Change['state']>();
  readonly #changes = new Map<string, Change[]>();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
    this.#read();
    this.#timer = setInterval(() => this.#read(), SECOND_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  all(): SeenResource[] {
    const now: Reading = { atMs: Date.now(), totals: this.#gateway.totals() };
    const before = this.#readings[0] ?? now;
    const circuits = Map.groupBy(this.#circuits(), ({ resource }) => resource);
    const routes = this.#gateway.routes.routes.map(({ route }) => route.id);
    const services = this.#services();
    return [
      ...routes.map((id) => this.#seen(routeName(id), circuits, this.#counts(id, before, now))),
      ...services.map((target) => {
        const running = target.instances.reduce((sum, { id }) => sum + target.inFlightAt(id), 0);
        return this.#seen(serviceName(target.service), circuits, { ...NO_COUNTS, running });
      }),
    ];
  }

  #seen(resource: string, circuits: ReadonlyMap<string, Circuit[]>, counts: Counts): SeenResource {
    return {
      resource,
      ...counts,
      circuits: Object.fromEntries((circuits.get(resource) ?? []).map(({ of, breaker }) => [of, breaker.state])),
      changes: this.#changes.get(resource) ?? [],
      refusals: [],
    };
  }

  #counts(route: string, before: Reading, now: Reading): Counts {
    const [earlier, later] = [before.totals.get(route) ?? NOTHING, now.totals.get(route) ?? NOTHING];
    const since = (what: keyof RouteTotals) => Math.max(0, later[what] - earlier[what]);
    const [requests, failed, refused] = [since('requests'), since('errors'), since('refused')];
    return {
      ...NO_COUNTS,
      seconds: Math.max(SECOND_MS, now.atMs - before.atMs) / SECOND_MS,
      passed: Math.max(0, requests - refused),
      refused,
      succeeded: Math.max(0, requests - failed),
      failed,
      slow: since('slow'),
      meanMs: requests === 0 ? 0 : since('sumMs') / requests,
      rules: this.#gateway
        .refusals()
        .filter((each) => each.route === route)
        .map(({ filter, code, count }) => ({ id: filter, kind: code, shadow: false, refused: count })),
    };
  }

  #read(): void {
    const atMs = Date.now();
    this.#readings = [...this.#readings.slice(1 - SECONDS), { atMs, totals: this.#gateway.totals() }];
    const states = new Map<string, Change['state']>();
    for (const { resource, of, breaker } of this.#circuits()) {
      const key = `${resource}\n${of}`;
      states.set(key, breaker.state);
      if ((this.#states.get(key) ?? 'closed') === breaker.state) continue;
      const changes = this.#changes.get(resource) ?? [];
      this.#changes.set(resource, [...changes.slice(1 - CHANGES), { atMs, of, state: breaker.state }]);
    }
    this.#states = states;
    const resources = new Set([...states.keys()].map((key) => key.split('\n', 1)[0]));
    for (const resource of this.#changes.keys()) if (!resources.has(resource)) this.#changes.delete(resource);
  }

  /** Those that it calls: not itself. */
  #services(): readonly Target[] {
    return this.#gateway.targets.all().filter(({ service }) => service !== 'gateway');
  }

  #circuits(): Circuit[] {
    const { routes } = this.#gateway;
    return [
      ...this.#services().map(({ service, breaker }) => ({ resource: serviceName(service), of: service, breaker })),
      ...routes.routes.flatMap(({ route, breakers }) =>
        [...(breakers?.all ?? [])].map(([of, breaker]) => ({ resource: routeName(route.id), of, breaker })),
      ),
    ];
  }
}

type Counts = Omit<SeenResource, 'resource' | 'circuits' | 'changes' | 'refusals'>;

const NO_COUNTS: Counts = {
  seconds: SECONDS,
  running: 0,
  passed: 0,
  refused: 0,
  shortCircuited: 0,
  shadowed: 0,
  succeeded: 0,
  failed: 0,
  timedOut: 0,
  slow: 0,
  meanMs: 0,
  p99Ms: null,
  rules: [],
};

const routeName = (id: string): string => `route:${id}`;
const serviceName = (service: string): string => `service:${service}`;
