import type { Metrics } from './metrics.ts';

/** How one request to this process went. */
export interface ServedRequest {
  /** `http`, `grpc` or `messaging`. */
  transport: string;
  /** HTTP method, `unary`, or `event`. */
  method: string;
  /** The route's template, the rpc's name or the topic; never a path with ids in it. */
  route: string;
  /** HTTP status, gRPC status or `ok` / `failed`. */
  status: string;
  durationMs: number;
}

/** Rate, errors and duration of what a process serves, per route. */
export class RedMetrics {
  readonly #duration;
  readonly #running;

  constructor(metrics: Metrics) {
    const help = 'Duration of served requests, per route; its count is their rate, its status label their errors';
    const labels = ['transport', 'method', 'route', 'status'] as const;
    this.#duration = metrics.duration('server_request_duration_seconds', help, labels);
    this.#running = metrics.gauge('server_requests_running', 'Requests being served now', ['transport']);
  }

  started(transport: string): void {
    this.#running.inc({ transport });
  }

  ended({ durationMs, ...labels }: ServedRequest): void {
    this.#running.dec({ transport: labels.transport });
    this.#duration.observe(labels, durationMs / 1_000);
  }
}
