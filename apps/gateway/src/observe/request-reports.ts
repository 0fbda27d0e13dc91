import type { Metrics } from '@rookery/observability';
import type { Arrival } from '../request/arrival.ts';
import type { AccessLog } from './access-log.ts';
import { RequestMetrics, type RouteTotals } from './request-metrics.ts';

/** Stands for the route and the service of what was refused before any was found. */
export const NO_ROUTE = 'none';

/** What became of a request. */
export interface Outcome {
  readonly status: number;
  readonly responseBytes: number;
  readonly service: string;
  readonly instance: string;
  readonly tries: number;
  readonly code: string | undefined;
  readonly refusedBy: string | undefined;
}

/** Tells of each request once, when it is over: in the metrics and in the access log. */
export class RequestReports {
  readonly #metrics = new RequestMetrics();
  readonly #log: AccessLog | undefined;

  constructor(metrics: Metrics, log: AccessLog | undefined) {
    this.#metrics.registerTo(metrics);
    this.#log = log;
  }

  report(arrival: Arrival, route: string, outcome: Outcome): void {
    const { status, service, code, refusedBy } = outcome;
    const durationMs = performance.now() - arrival.startedAtMs;
    this.#metrics.observe(route, service, status, durationMs);
    arrival.spans?.ended(arrival, route, outcome);
    if (refusedBy !== undefined) this.#metrics.refused(route, refusedBy, code ?? '');
    this.#log?.add({
      method: arrival.method,
      path: arrival.path,
      status,
      durationMs,
      responseBytes: outcome.responseBytes,
      route,
      service,
      instance: outcome.instance,
      tries: outcome.tries,
      traceparent: arrival.traceparent,
      parentSpanId: arrival.parentSpanId,
      requestId: arrival.requestId,
      code,
      refusedBy,
    });
  }

  /** By route, so far. */
  totals(): ReadonlyMap<string, RouteTotals> {
    return this.#metrics.totals();
  }

  refusals(): ReturnType<RequestMetrics['refusals']> {
    return this.#metrics.refusals();
  }

  /** Forgets routes that are not there any more. */
  keep(isThere: (route: string) => boolean): void {
    this.#metrics.keep((route) => route === NO_ROUTE || isThere(route));
  }

  close(): void {
    this.#log?.flush();
  }
}
