import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Registry, Upstreams } from '@rookery/discovery';
import type { Logger, Metrics, RookeryError, SpanExport } from '@rookery/observability';
import { errors } from './errors.ts';
import { isTooLong } from './forward/body-limit.ts';
import { Deadlines } from './forward/deadlines.ts';
import { Exchange } from './forward/exchange.ts';
import type { ExchangeParts } from './forward/exchange-parts.ts';
import { problemParts, sendAnswer } from './forward/problem-response.ts';
import type { AccessLog } from './observe/access-log.ts';
import type { RouteTotals } from './observe/request-metrics.ts';
import { NO_ROUTE, type Outcome, RequestReports } from './observe/request-reports.ts';
import { RequestSpans } from './observe/request-spans.ts';
import { readHttp2Head } from './protocols/http2/http2-headers.ts';
import { Tunnels } from './protocols/websocket/tunnels.ts';
import { responseOn, Upgrade } from './protocols/websocket/upgrade.ts';
import { Arrival } from './request/arrival.ts';
import { type RequestHead, readHead } from './request/request-headers.ts';
import { readTarget, TARGET_REFUSALS } from './request/target.ts';
import { AddressSet } from './request/trusted-proxies.ts';
import type { RouteSet } from './routes/route-set.ts';
import { RoutesInForce } from './routes/routes-in-force.ts';
import { doom, isDoomed } from './server/doomed-sockets.ts';
import { guard, setServerLimits } from './server/guard.ts';
import { Ingress } from './server/ingress.ts';
import type { GatewaySettings } from './settings.ts';
import { Targets } from './upstream/targets.ts';
import { UpstreamTls } from './upstream/upstream-tls.ts';

export interface GatewayParts {
  settings: GatewaySettings;
  registry: Registry;
  upstreams: Upstreams;
  metrics: Metrics;
  /** No line is written without one. */
  accessLog?: AccessLog | undefined;
  /** Where spans go; none are made without it. */
  spans?: SpanExport | undefined;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** Where filters find what else they need: AUTH_ISSUER_URL, CACHE_URL; nothing when not given. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Answered by the process itself, never forwarded. */
const HEALTH = new Set(['/health/live', '/health/ready']);

/** The data path: plain node:http in, connections of its own out. */
export class Gateway {
  readonly targets: Targets;
  readonly #parts: GatewayParts;
  readonly #reports: RequestReports;
  readonly #spans: RequestSpans | undefined;
  readonly #deadlines = new Deadlines();
  readonly #tunnels: Tunnels;
  #settings: GatewaySettings;
  #tls: UpstreamTls;
  readonly #routes: RoutesInForce;
  #trustedProxies: AddressSet | undefined;
  #server: Server | undefined;
  #ingress: Ingress | undefined;
  #draining = false;
  #inFlight = 0;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    this.#reports = new RequestReports(parts.metrics, parts.accessLog);
    this.#spans = parts.spans && new RequestSpans(parts.spans);
    this.#tunnels = new Tunnels(parts.settings.websocket, parts.metrics);
    this.#settings = parts.settings;
    this.#tls = new UpstreamTls(parts.settings.upstreamTls);
    this.targets = new Targets(
      parts.registry,
      parts.upstreams,
      poolLimits(parts.settings, this.#tls),
      ({ message: reason }) => parts.logger.warn({ event: 'certificate refused', reason }),
    );
    const { registry, metrics, logger, environment = {} } = parts;
    this.#routes = new RoutesInForce(
      { registry, metrics, logger, environment, targets: this.targets, clock: Date.now, random: Math.random },
      parts.settings,
    );
    this.#trustedProxies = trustedProxiesOf(parts.settings);
  }

  /** The routes in force. */
  get routes(): RouteSet {
    return this.#routes.current;
  }

  /** The port of TLS; undefined without it. */
  get tlsPort(): number | undefined {
    return this.#ingress?.tlsPort;
  }

  get settings(): GatewaySettings {
    return this.#settings;
  }

  get isDraining(): boolean {
    return this.#isDraining();
  }

  /** What became of the requests so far, by route. */
  totals(): ReadonlyMap<string, RouteTotals> {
    return this.#reports.totals();
  }

  /** What was answered in place of instances so far, by route and by what answered. */
  refusals(): ReturnType<RequestReports['refusals']> {
    return this.#reports.refusals();
  }

  /** Requests that have not been answered to their end. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sets the limits of a server, and answers what is not a request that {@link handle} could see. */
  guard(server: Server): void {
    this.#server = server;
    guard(server, this.#settings);
    this.#ingress = new Ingress(server, this.#settings, this.#parts.logger);
    server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#serveUpgrade(request, socket, head),
    );
  }

  /** Opens the port of TLS, where there is to be one. Throws `GATEWAY_TLS_PORT`. */
  async listen(address: string): Promise<void> {
    await this.#ingress?.listen(address);
  }

  /** Fails where settings cannot work; changes nothing. */
  async rehearse(settings: GatewaySettings): Promise<void> {
    new UpstreamTls(settings.upstreamTls);
    await this.#routes.rehearse(settings);
  }

  /**
   * Puts other settings in force, in one step: requests that come from now on see them, those under way end as they
   * began. Throws where they cannot work, and everything stays as it is.
   */
  apply(settings: GatewaySettings): void {
    const isSameTls = isDeepStrictEqual(settings.upstreamTls, this.#settings.upstreamTls);
    const tls = isSameTls ? this.#tls : new UpstreamTls(settings.upstreamTls);
    this.#routes.replace(settings);
    this.#settings = settings;
    this.#tls = tls;
    this.#trustedProxies = trustedProxiesOf(settings);
    this.targets.useLimits(poolLimits(settings, tls));
    this.#tunnels.useSettings(settings.websocket);
    if (this.#server) setServerLimits(this.#server, settings);
    const { routes } = this;
    this.#reports.keep((id) => routes.of(id) !== undefined);
  }

  /** From now on connections end with their answer. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#tunnels.drain();
    this.#ingress?.drain();
  }

  /** Ends all upstream connections; requests under way may take `drainTimeoutMs`. */
  async close(): Promise<void> {
    this.drain();
    await this.#tunnels.closed();
    await this.targets.close(this.#settings.drainTimeoutMs);
    this.#ingress?.close();
    this.#deadlines.close();
    await this.#routes.close();
    this.#reports.close();
    await this.#parts.spans?.close();
  }

  /** Takes a request over; false when it is for the process itself: health. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.httpVersionMajor === 1 && isDoomed(request.socket)) return true;
    const startedAtMs = performance.now();
    const length = readTarget(request);
    const url = request.url as string;
    if (length > 0 && HEALTH.has(length === url.length ? url : url.slice(0, length))) return false;
    this.#inFlight++;
    const head = request.httpVersionMajor === 2 ? readHttp2Head(request as never) : readHead(request.rawHeaders);
    const arrival = this.#arrivalOf(request, response, head, length, startedAtMs);
    const refusal = this.#serve(arrival);
    if (refusal) this.#refuse(arrival, refusal);
    return true;
  }

  #serveUpgrade(request: IncomingMessage, socket: Socket, first: Buffer): void {
    const startedAtMs = performance.now();
    this.#inFlight++;
    const head = readHead(request.rawHeaders);
    const length = readTarget(request);
    const response = responseOn(request, socket);
    const arrival = this.#arrivalOf(request, response, head, length, startedAtMs);
    arrival.upgrade = new Upgrade(request, response, socket, first, this.#tunnels);
    const refusal = this.#serve(arrival);
    if (refusal) this.#refuse(arrival, refusal);
  }

  #arrivalOf(
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead | string,
    length: number,
    startedAtMs: number,
  ): Arrival {
    const { sampleRatio } = this.#settings.tracing;
    const arrival = new Arrival(request, response, head, length, startedAtMs, this.#trustedProxies, sampleRatio);
    arrival.spans = this.#spans;
    return arrival;
  }

  /** Forwards or answers a request; an error when it is refused. */
  #serve(arrival: Arrival): RookeryError | undefined {
    const { head, pathLength, url, method } = arrival;
    if (pathLength < 0) return errors.badTarget(TARGET_REFUSALS[pathLength] ?? url);
    if (typeof head === 'string') return errors.badHeaders(head);
    if (arrival.request.rawHeaders.length > this.#settings.maxHeaders * 2)
      return errors.tooManyHeaders(this.#settings.maxHeaders);
    if (arrival.upgrade?.refusal) return arrival.upgrade.refusal;
    if (!METHODS.has(method)) return errors.methodUnknown(String(method));
    const { routes } = this;
    const match = routes.match(url, pathLength, arrival);
    if (!match) return this.#serveOwn(arrival);
    const { route, chain } = match.compiled;
    arrival.route = route.id;
    if (arrival.isGrpc !== (route.grpc !== undefined))
      return route.grpc ? errors.notGrpc(route.grpc) : errors.routeUnknown();
    const target = chain ? undefined : this.targets.open(match.service);
    if (!chain) {
      if (!target) return errors.serviceUnknown(match.service);
      if (isTooLong(head, route)) return errors.bodyTooLarge(route.bodyLimitBytes);
    }
    const exchange = new Exchange({
      arrival,
      head,
      match,
      target,
      targets: this.targets,
      routes,
      deadlines: this.#deadlines,
      isDraining: this.#isDraining,
      done: this.#done,
    });
    exchange.start();
    return undefined;
  }

  /** The one path that the data path answers by itself, where no route takes it. */
  #serveOwn({ response, requestId, path }: Arrival): RookeryError | undefined {
    if (path !== '/') return errors.routeUnknown();
    this.#redirect(response, requestId);
    return undefined;
  }

  #refuse(arrival: Arrival, error: RookeryError): void {
    const { request, response, requestId, traceId, head, isGrpc } = arrival;
    const hostile = typeof head === 'string' || error.code === 'BAD_TARGET' || arrival.upgrade !== undefined;
    if (hostile && request.httpVersionMajor === 1) doom(request.socket);
    const problem = problemParts(error, { requestId, traceId, close: hostile || this.#isDraining(), isGrpc });
    sendAnswer(request, response, problem, typeof head === 'string' || head.hasBody);
    this.#inFlight--;
    this.#reports.report(arrival, arrival.route ?? NO_ROUTE, {
      status: error.status,
      responseBytes: problem.body.length,
      service: NO_ROUTE,
      instance: '',
      tries: 0,
      code: error.code,
      refusedBy: problem.refusedBy,
    });
  }

  #redirect(response: ServerResponse, requestId: string): void {
    this.#inFlight--;
    response.writeHead(302, { location: '/docs', 'content-length': 0, 'x-request-id': requestId });
    response.end();
  }

  readonly #isDraining = (): boolean => this.#draining || this.#server?.listening === false;

  readonly #done = ({ arrival, match }: ExchangeParts, outcome: Outcome): void => {
    this.#inFlight--;
    this.#reports.report(arrival, match.compiled.route.id, outcome);
  };
}

const trustedProxiesOf = ({ trustedProxies }: GatewaySettings): AddressSet | undefined =>
  trustedProxies.length > 0 ? new AddressSet(trustedProxies) : undefined;

const poolLimits = (settings: GatewaySettings, tls: UpstreamTls) => ({
  connections: settings.connectionsPerInstance,
  maxInFlight: settings.maxInFlightPerInstance,
  connectTimeoutMs: settings.connectTimeoutMs,
  tls,
});
