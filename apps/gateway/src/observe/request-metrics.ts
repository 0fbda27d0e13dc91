import type { Metrics } from '@rookery/observability';

const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BUCKETS_MS = BUCKETS.map((seconds) => seconds * 1_000);

interface Series {
  readonly route: string;
  readonly service: string;
  readonly statuses: Map<number, number>;
  /** Requests by bucket, the last one for what is slower than all. */
  readonly buckets: number[];
  sumMs: number;
}

/** Requests that a filter or part answered in place of an instance. */
export interface Refusals {
  readonly route: string;
  readonly filter: string;
  readonly code: string;
  count: number;
}

/** Place of the first bucket of slow requests. */
const SLOW = BUCKETS.indexOf(1) + 1;

/** What became of the requests of one route so far. */
export interface RouteTotals {
  readonly requests: number;
  /** Answered with 5xx, refusals included. */
  readonly errors: number;
  /** Answered by a filter or the gateway in place of an instance. */
  readonly refused: number;
  /** Took longer than a second. */
  readonly slow: number;
  readonly sumMs: number;
}

/**
 * Rate, errors and duration of each route and service, and why requests were refused. Counting is plain arithmetic on the data path; Prometheus'
 * shape is made when somebody asks.
 */
export class RequestMetrics {
  readonly #series = new Map<string, Map<string, Series>>();
  readonly #refusals = new Map<string, Refusals>();

  observe(route: string, service: string, status: number, durationMs: number): void {
    const series = this.#of(route, service);
    series.statuses.set(status, (series.statuses.get(status) ?? 0) + 1);
    series.sumMs += durationMs;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && durationMs > (BUCKETS_MS[bucket] as number)) bucket++;
    series.buckets[bucket] = (series.buckets[bucket] ?? 0) + 1;
  }

  /** A filter or part answered in place of an instance. */
  refused(route: string, filter: string, code: string): void {
    const key = `${route} ${filter} ${code}`;
    const known = this.#refusals.get(key);
    if (known) known.count++;
    else this.#refusals.set(key, { route, filter, code, count: 1 });
  }

  /** Forgets routes that are not there any more. */
  keep(isKept: (route: string) => boolean): void {
    for (const route of this.#series.keys()) if (!isKept(route)) this.#series.delete(route);
    for (const [key, { route }] of this.#refusals) if (!isKept(route)) this.#refusals.delete(key);
  }

  /** By route. */
  totals(): Map<string, RouteTotals> {
    const totals = new Map<string, RouteTotals>();
    for (const [route, services] of this.#series) {
      let [requests, errors, slow, sumMs] = [0, 0, 0, 0];
      for (const series of services.values()) {
        sumMs += series.sumMs;
        for (const count of series.buckets.slice(SLOW)) slow += count;
        for (const [status, count] of series.statuses) {
          requests += count;
          if (status >= 500) errors += count;
        }
      }
      totals.set(route, { requests, errors, refused: 0, slow, sumMs });
    }
    for (const { route, count } of this.#refusals.values()) {
      const known = totals.get(route);
      if (known) totals.set(route, { ...known, refused: known.refused + count });
    }
    return totals;
  }

  /** Since the start. */
  refusals(): readonly Readonly<Refusals>[] {
    return [...this.#refusals.values()];
  }

  /** Adds the metrics to a registry. */
  registerTo({ registry }: Metrics): void {
    const register = (metric: { name: string; help: string; type: string; values: () => unknown[] }) => {
      const get = async () => ({ ...metric, aggregator: 'sum', values: metric.values() });
      registry.registerMetric({ name: metric.name, get, reset: () => {} } as never);
    };
    register({
      name: 'gateway_requests_total',
      help: 'Requests by route, service and status',
      type: 'counter',
      values: () => this.#counts(),
    });
    register({
      name: 'gateway_request_duration_seconds',
      help: 'Time from a request to the end of its response',
      type: 'histogram',
      values: () => this.#durations(),
    });
    register({
      name: 'gateway_refusals_total',
      help: 'Requests that a filter or a part of the gateway answered in place of an instance',
      type: 'counter',
      values: () => [...this.#refusals.values()].map(({ count, ...labels }) => ({ value: count, labels })),
    });
  }

  #of(route: string, service: string): Series {
    let services = this.#series.get(route);
    if (!services) {
      services = new Map();
      this.#series.set(route, services);
    }
    let series = services.get(service);
    if (!series) {
      series = { route, service, statuses: new Map(), buckets: new Array(BUCKETS.length + 1).fill(0), sumMs: 0 };
      services.set(service, series);
    }
    return series;
  }

  #all(): Series[] {
    return [...this.#series.values()].flatMap((services) => [...services.values()]);
  }

  #counts(): unknown[] {
    return this.#all().flatMap(({ route, service, statuses }) =>
      [...statuses].map(([status, value]) => ({ value, labels: { route, upstream: service, status } })),
    );
  }

  #durations(): unknown[] {
    const metric = 'gateway_request_duration_seconds';
    return this.#all().flatMap(({ route, service, buckets, sumMs }) => {
      const labels = { route, upstream: service };
      let sum = 0;
      const rows: unknown[] = [...BUCKETS, '+Inf'].map((le, at) => {
        sum += buckets[at] ?? 0;
        return { labels: { ...labels, le }, value: sum, metricName: `${metric}_bucket` };
      });
      rows.push({ labels, value: sumMs / 1_000, metricName: `${metric}_sum` });
      rows.push({ labels, value: sum, metricName: `${metric}_count` });
      return rows;
    });
  }
}
