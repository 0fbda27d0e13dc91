import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import {
  endSpan,
  type Logger,
  type RedMetrics,
  RunningSet,
  requestIdOf,
  startServerSpan,
  traceparent,
} from '@rookery/observability';
import type { RawHandler } from '../service-options.ts';
import { answerClientError } from './client-errors.ts';
import type { InternalEndpoints } from './internal-endpoints.ts';
import { sendProblem } from './send-problem.ts';
import { remember, type ServedHttpRequest } from './served-request.ts';

export interface HttpFrontOptions {
  logger: Logger;
  endpoints: InternalEndpoints;
  tracing: boolean;
  accessLog: boolean;
  red: RedMetrics | undefined;
}

/** Status that the access log shows for a request whose client went away, as nginx does. */
const CLIENT_GONE = 499;

/**
 * Stands between Node's HTTP server and Nest: starts the request's context and span, answers the internal endpoints,
 * lets the raw handler have the request first, and keeps count, for the access log, the metrics and the drain.
 */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  #server: Server | undefined;
  #raw: RawHandler | undefined;
  readonly #running = new RunningSet<ServedHttpRequest>();
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(options: HttpFrontOptions) {
    this.#options = options;
  }

  /** Puts itself before the listener that Nest's adapter has set on the server. */
  attach(server: Server, raw?: RawHandler): void {
    const listeners = server.listeners('request') as RequestListener[];
    this.#server = server;
    this.#raw = raw;
    server.removeAllListeners('request');
    server.on('request', (request, response) => this.#serve(request, response, listeners));
    server.removeAllListeners('clientError');
    server.on('clientError', answerClientError);
  }

  /** Requests being served now. */
  get running(): number {
    return this.#running.size;
  }

  /** From now on each response ends its connection, so that callers with pooled connections go elsewhere. */
  startDraining(): void {
    this.#draining = true;
    for (const { response } of this.#running) endConnectionAfter(response);
  }

  /** Takes no new connections and waits for the running requests; answers how many were cut off at the end of the time. */
  async drain(timeoutMs: number): Promise<number> {
    const server = this.#server;
    this.startDraining();
    if (!server?.listening) return 0;
    server.close();
    server.closeIdleConnections();
    if (this.#running.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const timer = setTimeout(resolve, timeoutMs);
      await promise;
      clearTimeout(timer);
    }
    const cutOff = this.#running.size;
    // Not only the idle ones: a connection that has carried no request yet counts as busy, and would be answered 503 later.
    server.closeAllConnections();
    return cutOff;
  }

  #serve(request: IncomingMessage, response: ServerResponse, listeners: RequestListener[]): void {
    const served: ServedHttpRequest = { slot: -1, response, trace: undefined, route: undefined };
    this.#running.add(served);
    if (this.#draining) endConnectionAfter(response);
    if (this.#options.endpoints.take(request, response, (error) => this.#failed(error, request))) {
      response.on('close', () => this.#left(served));
      return;
    }
    this.#begin(request, served);
    const run = (): void => {
      if (this.#takenRaw(request, served)) return;
      for (const listener of listeners) listener(request, response);
    };
    if (served.trace) context.with(served.trace.context, run);
    else run();
  }

  #left(served: ServedHttpRequest): void {
    this.#running.delete(served);
    if (this.#running.size === 0) this.#idle?.();
  }

  #takenRaw(request: IncomingMessage, { response, trace }: ServedHttpRequest): boolean {
    try {
      return this.#raw?.(request, response) ?? false;
    } catch (error) {
      this.#failed(error, request);
      sendProblem(response, error, trace?.traceId);
      return true;
    }
  }

  #begin(request: IncomingMessage, served: ServedHttpRequest): void {
    const { tracing, red, accessLog } = this.#options;
    const { response } = served;
    remember(request, served);
    if (!tracing && !red && !accessLog) {
      response.on('close', () => this.#left(served));
      return;
    }
    const startedAtMs = performance.now();
    if (tracing) {
      const trace = startServerSpan(request.headers, request.method ?? '');
      served.trace = trace;
      response.setHeader('x-request-id', requestIdOf(request.headers, trace.traceId));
      response.setHeader('traceparent', traceparent(trace.span));
    }
    red?.started('http');
    response.on('close', () => {
      this.#left(served);
      this.#report(request, served, performance.now() - startedAtMs);
    });
  }

  #report(request: IncomingMessage, { response, trace, route = 'unmatched' }: ServedHttpRequest, durationMs: number) {
    const { red, accessLog, logger } = this.#options;
    const method = request.method ?? '';
    const status = response.writableFinished ? response.statusCode : CLIENT_GONE;
    red?.ended({ transport: 'http', method, route, status: String(status), durationMs });
    if (trace) {
      trace.span.updateName(`${method} ${route}`);
      trace.span.setAttributes({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
      });
      endSpan(trace.span, status >= 500 ? `answered ${status}` : undefined);
    }
    if (!accessLog) return;
    logger.info(
      {
        method,
        route,
        status,
        durationMs: Math.round(durationMs * 100) / 100,
        ...(trace && { traceId: trace.traceId }),
      },
      'request served',
    );
  }

  #failed(error: unknown, request: IncomingMessage): void {
    this.#options.logger.error({ error, method: request.method }, 'request failed');
  }
}

function endConnectionAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}
