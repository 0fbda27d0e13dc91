import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Registry, Upstreams } from '@rookery/discovery';
import type { Metrics, RookeryError } from '@rookery/observability';
import { errors } from './errors.ts';
import { Deadlines } from './forward/deadlines.ts';
import { Exchange } from './forward/exchange.ts';
import { answerProblem } from './forward/problem-response.ts';
import type { AccessLog } from './observe/access-log.ts';
import { RequestMetrics } from './observe/request-metrics.ts';
import { newTraceparent, traceIdOf } from './observe/trace.ts';
import { type RequestHead, readHead } from './request/request-headers.ts';
import { pathLength, TARGET_REFUSALS } from './request/target.ts';
import { RouteTable } from './routes/route-table.ts';
import { guard } from './server/guard.ts';
import type { GatewaySettings } from './settings.ts';
import { Targets } from './upstream/targets.ts';

export interface GatewayParts {
  settings: GatewaySettings;
  registry: Registry;
  upstreams: Upstreams;
  /** Served under /metrics. */
  metrics: Metrics;
  /** No line is written without one. */
  accessLog?: AccessLog | undefined;
}

/** A request as it came. */
interface Arrival {
  request: IncomingMessage;
  response: ServerResponse;
  /** Text says why the headers are refused. */
  head: RequestHead | string;
  traceparent: string;
  traceId: string;
  requestId: string;
  startedAtMs: number;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Answered by the process itself, never forwarded. */
const HEALTH = new Set(['/health/live', '/health/ready']);
/** Its own name in the registry: a request to it would come back for ever. */
const ITSELF = 'gateway';
const NO_ROUTE = 'none';

/** The data path: plain node:http in, undici out. */
export class Gateway {
  readonly targets: Targets;
  readonly #settings: GatewaySettings;
  readonly #metrics: Metrics;
  readonly #requests = new RequestMetrics();
  readonly #log: AccessLog | undefined;
  readonly #deadlines = new Deadlines();
  readonly #routes: RouteTable;
  #server: Server | undefined;
  #draining = false;
  #inFlight = 0;

  constructor({ settings, registry, upstreams, metrics, accessLog }: GatewayParts) {
    this.#settings = settings;
    this.#log = accessLog;
    this.#metrics = metrics;
    this.#requests.registerTo(metrics);
    this.#routes = new RouteTable(settings.routes);
    this.targets = new Targets(registry, upstreams, {
      connections: settings.connectionsPerInstance,
      maxInFlight: settings.maxInFlightPerInstance,
      connectTimeoutMs: settings.connectTimeoutMs,
    });
  }

  /** Requests that have not been answered to their end. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sets the limits of a server, and answers what is not a request that {@link handle} could see. */
  guard(server: Server): void {
    this.#server = server;
    guard(server, this.#settings);
  }

  /** From now on connections end with their answer. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends all upstream connections; requests under way may take `drainTimeoutMs`. */
  async close(): Promise<void> {
    this.drain();
    await this.targets.close(this.#settings.drainTimeoutMs);
    this.#deadlines.close();
    this.#log?.flush();
  }

  /** Takes a request over; false when it is for the process itself: health. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const startedAtMs = performance.now();
    const url = request.url as string;
    const length = pathLength(url);
    if (length > 0 && HEALTH.has(length === url.length ? url : url.slice(0, length))) return false;
    this.#inFlight++;
    const head = readHead(request.rawHeaders);
    const known = typeof head === 'string' ? undefined : head;
    const traceparent = known?.traceparent ?? newTraceparent();
    const traceId = traceIdOf(traceparent);
    const requestId = known?.requestId ?? traceId;
    const arrival: Arrival = { request, response, head, traceparent, traceId, requestId, startedAtMs };
    const refusal = this.#serve(arrival, url, length);
    if (refusal) this.#refuse(arrival, refusal);
    return true;
  }

  /** Forwards or answers a request; an error when it is refused. */
  #serve(arrival: Arrival, url: string, length: number): RookeryError | undefined {
    const { request, response, head, traceparent, traceId, requestId, startedAtMs } = arrival;
    if (length < 0) return errors.badTarget(TARGET_REFUSALS[length] ?? url);
    if (typeof head === 'string') return errors.badHeaders(head);
    if (request.rawHeaders.length > this.#settings.maxHeaders * 2)
      return errors.tooManyHeaders(this.#settings.maxHeaders);
    if (!METHODS.has(request.method as string)) return errors.methodUnknown(String(request.method));
    const match = this.#routes.match(url, length);
    if (!match) return this.#serveOwn(arrival, url.slice(0, length));
    const target = match.service === ITSELF ? undefined : this.targets.of(match.service);
    if (!target || target.isInternal) return errors.serviceUnknown(match.service);
    const { bodyLimitBytes } = match.route;
    if (head.contentLength !== undefined && head.contentLength > bodyLimitBytes)
      return errors.bodyTooLarge(bodyLimitBytes);
    const exchange = new Exchange({
      request,
      response,
      head,
      match,
      target,
      requestId,
      traceparent,
      traceId,
      clientAddress: request.socket.remoteAddress ?? 'unknown',
      startedAtMs,
      deadlines: this.#deadlines,
      isDraining: this.#isDraining,
      done: this.#done,
    });
    exchange.start();
    return undefined;
  }

  /** The few paths that the data path answers by itself, where no route takes them. */
  #serveOwn({ response, requestId }: Arrival, path: string): RookeryError | undefined {
    if (path === '/metrics') this.#answerMetrics(response);
    else if (path === '/') this.#redirect(response, requestId);
    else return errors.routeUnknown();
    return undefined;
  }

  #refuse({ request, response, requestId, traceId, startedAtMs, head }: Arrival, error: RookeryError): void {
    const hostile = typeof head === 'string' || error.code === 'BAD_TARGET';
    const responseBytes = answerProblem(
      request,
      response,
      error,
      { requestId, traceId, close: hostile || this.#isDraining() },
      typeof head === 'string' || head.hasBody,
    );
    this.#inFlight--;
    const durationMs = performance.now() - startedAtMs;
    this.#requests.observe(NO_ROUTE, NO_ROUTE, error.status, durationMs);
    this.#log?.add({
      method: String(request.method),
      path: (request.url as string).split('?', 1)[0] as string,
      status: error.status,
      durationMs,
      responseBytes,
      route: NO_ROUTE,
      service: NO_ROUTE,
      instance: '',
      tries: 0,
      traceId,
      requestId,
      code: error.code,
    });
  }

  #redirect(response: ServerResponse, requestId: string): void {
    this.#inFlight--;
    response.writeHead(302, { location: '/docs', 'content-length': 0, 'x-request-id': requestId });
    response.end();
  }

  #answerMetrics(response: ServerResponse): void {
    this.#inFlight--;
    const { registry } = this.#metrics;
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.destroy(),
    );
  }

  readonly #isDraining = (): boolean => this.#draining || this.#server?.listening === false;

  readonly #done = (exchange: Exchange): void => {
    this.#inFlight--;
    const { request, match, startedAtMs, traceId, requestId } = exchange.parts;
    const durationMs = performance.now() - startedAtMs;
    const url = request.url as string;
    const query = url.indexOf('?');
    this.#requests.observe(match.route.id, match.service, exchange.status, durationMs);
    this.#log?.add({
      method: request.method as string,
      path: query < 0 ? url : url.slice(0, query),
      status: exchange.status,
      durationMs,
      responseBytes: exchange.responseBytes,
      route: match.route.id,
      service: match.service,
      instance: exchange.instance,
      tries: exchange.tries,
      traceId,
      requestId,
      code: exchange.code,
    });
  };
}
