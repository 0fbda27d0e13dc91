import type { Duplex } from 'node:stream';
import { RookeryError } from '@rookery/observability';
import type { PassiveBreaker, RetryBudget } from '@rookery/resilience';
import { errors } from '../errors.ts';
import { through } from '../filters/chain.ts';
import type { Verdict } from '../filters/filter.ts';
import type { Arrival } from '../request/arrival.ts';
import { RequestBody } from '../request/request-body.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { RouteMatch } from '../routes/compiled-route.ts';
import type { RouteSet } from '../routes/route-set.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { Target } from '../upstream/target.ts';
import type { Targets } from '../upstream/targets.ts';
import { ActiveCall } from './call.ts';
import type { Deadlines, Waiting } from './deadlines.ts';
import { addOwnHeaders } from './outgoing.ts';
import { type OwnAnswer, problemParts, sendAnswer } from './problem-response.ts';
import { responseHeaders } from './response-headers.ts';
import { ResponseStream, type StreamOwner } from './response-stream.ts';
import { failureOf, mayRetry, type TryFailure } from './retry-decision.ts';
import { type TryListener, UpstreamTry } from './upstream-try.ts';

type ResponseHeaders = Record<string, string | string[] | undefined>;

/** What an exchange is made of. */
export interface ExchangeParts {
  arrival: Arrival;
  head: RequestHead;
  match: RouteMatch;
  /** Undefined where the route has filters: they may lead elsewhere, or answer. */
  target: Target | undefined;
  targets: Targets;
  routes: RouteSet;
  deadlines: Deadlines;
  isDraining: () => boolean;
  /** Called once, when nothing more happens. */
  done: (exchange: Exchange) => void;
}

/** One request on its way through the gateway: through its filters, then to instances until one answers. */
export class Exchange implements TryListener, Waiting, StreamOwner {
  slot = -1;
  dueAtMs = 0;
  status = 0;
  code: string | undefined;
  /** Filter or part that refused it. */
  refusedBy: string | undefined;
  tries = 0;
  instance = '';
  readonly parts: ExchangeParts;
  readonly #limitMs: number;
  #target: Target | undefined;
  #call: ActiveCall | undefined;
  #stream: ResponseStream | undefined;
  #ownBytes = 0;
  #current: UpstreamTry | undefined;
  #body: RequestBody | undefined;
  #tried: Set<string> | undefined;
  #tryMs = 0;
  #forwardedHeaders = 0;
  #began = false;
  #finished = false;
  /** Whether a failure speaks against the service: not when the client left, or gave less time than the route does. */
  #blamed = false;

  constructor(parts: ExchangeParts) {
    this.parts = parts;
    this.#target = parts.target;
    this.#limitMs = Math.min(parts.match.compiled.route.timeoutMs, parts.head.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  get responseBytes(): number {
    return this.#stream?.bytes ?? this.#ownBytes;
  }

  /** The service that was asked, after the filters. */
  get service(): string {
    return this.#call?.service ?? this.parts.match.service;
  }

  get isOver(): boolean {
    return this.#finished;
  }

  start(): void {
    const { arrival, match } = this.parts;
    arrival.response.on('close', () => this.#onClose());
    if (match.compiled.chain) this.#filter();
    else if (this.#target) this.#enter(this.#target, arrival.startedAtMs);
  }

  // --- filters

  #filter(): void {
    const { arrival, head, match, routes, deadlines } = this.parts;
    const call = new ActiveCall(arrival, head, match, this);
    this.#call = call;
    routes.begin();
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = match.compiled.chain?.request(call);
    } catch (error) {
      verdict = this.#filterFailed(error);
    }
    if (!(verdict instanceof Promise)) {
      this.#decide(verdict, arrival.startedAtMs);
      return;
    }
    this.dueAtMs = arrival.startedAtMs + this.#limitMs;
    deadlines.add(this);
    verdict.then(
      (late) => this.#decide(late, performance.now()),
      (error: unknown) => this.#decide(this.#filterFailed(error), performance.now()),
    );
  }

  #filterFailed(error: unknown): RookeryError {
    return error instanceof RookeryError ? error : errors.filterFailed(this.#filterName(), error);
  }

  #filterName(): string {
    return this.parts.match.compiled.chain?.nameAt(this.#call?.reached ?? -1) ?? 'gateway';
  }

  #decide(verdict: Verdict, nowMs: number): void {
    if (this.#finished) return;
    const { deadlines, targets } = this.parts;
    deadlines.delete(this);
    if (verdict === 'answered') {
      this.#giveAnswer();
    } else if (verdict) {
      this.#answer(verdict, this.#filterName());
    } else {
      this.#target = targets.open(this.service);
      if (this.#target) this.#enter(this.#target, nowMs);
      else this.#answer(errors.serviceUnknown(this.service));
    }
  }

  /** Sends what a filter answered; one that writes by itself is only waited for. */
  #giveAnswer(): void {
    const { arrival, head, match, isDraining } = this.parts;
    const call = this.#call;
    const given = call?.given;
    if (!call || !given) return;
    call.status = given.status;
    call.responseHeaders = ['x-request-id', arrival.requestId, ...given.headers];
    if (isDraining()) call.setResponseHeader('connection', 'close');
    const { chain } = match.compiled;
    chain?.response(call);
    const bodiless = arrival.method === 'HEAD' || call.status === 204 || call.status === 304;
    const transforms = bodiless ? undefined : chain?.responseBody(call);
    if (transforms) {
      this.#begin(call.status).beginThrough(call.responseHeaders, transforms);
      this.#stream?.write(given.body, undefined);
      this.#stream?.end();
      return;
    }
    if (call.status !== 204 && call.status !== 304) call.setResponseHeader('content-length', `${given.body.length}`);
    this.#send({ status: call.status, headers: call.responseHeaders, body: bodiless ? '' : given.body });
    if (head.hasBody && !arrival.request.complete) arrival.request.resume();
  }

  // --- tries

  #enter(target: Target, nowMs: number): void {
    if (target.isReady) this.#admit(target, nowMs);
    else this.#awaitTarget(target);
  }

  /** The registry has not answered yet what instances there are: only in a gateway's first moments. */
  #awaitTarget(target: Target): void {
    const timer = setTimeout(
      () => this.#answer(errors.noInstance(target.service, 1_000)),
      Math.min(this.#limitMs, 2_000),
    );
    const known = () => {
      clearTimeout(timer);
      if (!this.#finished) this.#admit(target, performance.now());
    };
    target.ready().then(known, known);
  }

  #admit(target: Target, nowMs: number): void {
    const pool = target.choose();
    const breaker = this.#breakerOf(target);
    if (!pool) {
      this.#answer(errors.noInstance(target.service, 1_000));
    } else if (!breaker.admit()) {
      this.#answer(errors.circuitOpen(target.service, breaker.retryAfterMs));
    } else {
      this.#budgetOf(target).earn();
      this.#try(target, pool, nowMs);
    }
  }

  #breakerOf(target: Target): PassiveBreaker {
    return this.parts.match.compiled.breakers?.of(target.service) ?? target.breaker;
  }

  #budgetOf(target: Target): RetryBudget {
    return this.parts.match.compiled.budget ?? target.budget;
  }

  #try(target: Target, pool: InstancePool, nowMs: number): void {
    const { arrival, match, head, deadlines } = this.parts;
    const { route } = match.compiled;
    const leftMs = this.#leftMs(nowMs);
    if (pool.isFull || leftMs <= 0) {
      this.#answer(pool.isFull ? errors.overloaded(target.service) : this.#timedOut());
      return;
    }
    this.#tryMs = Math.min(leftMs, route.tryTimeoutMs);
    this.tries++;
    this.instance = pool.instance.id;
    const attempt = new UpstreamTry(this, target, pool, nowMs);
    this.#current = attempt;
    this.dueAtMs = nowMs + this.#tryMs;
    deadlines.add(this);
    const body = head.hasBody ? this.#newBody() : null;
    this.#setOwnHeaders(leftMs, body instanceof RequestBody);
    try {
      pool.pool.dispatch(
        {
          path: this.#call?.target ?? arrival.url,
          method: arrival.method as 'GET',
          headers: head.headers,
          body: body as never,
          bodyTimeout: route.idleTimeoutMs,
          upgrade: arrival.upgrade && 'websocket',
        },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(undefined as never, error as Error);
    }
  }

  #setOwnHeaders(leftMs: number, sendsLength: boolean): void {
    const { arrival, head } = this.parts;
    const { headers } = head;
    // An earlier try has added these already.
    if (this.tries === 1) this.#forwardedHeaders = headers.length;
    else headers.length = this.#forwardedHeaders;
    if (sendsLength && head.contentLength !== undefined) headers.push('content-length', String(head.contentLength));
    addOwnHeaders(headers, arrival, head, leftMs);
  }

  #newBody(): RequestBody | AsyncIterable<Buffer> {
    const { arrival, head, match } = this.parts;
    const { request, response } = arrival;
    this.#body?.destroy();
    const { bodyLimitBytes } = match.compiled.route;
    const body = new RequestBody(
      request,
      bodyLimitBytes,
      () => {
        if (head.expectsContinue && !response.headersSent) response.writeContinue();
      },
      () => this.#tooLarge(bodyLimitBytes),
    );
    this.#body = body;
    const { chain } = match.compiled;
    const call = this.#call;
    return chain && call && chain.transformsRequests ? through(body, () => chain.requestBody(call)) : body;
  }

  #tooLarge(limitBytes: number): void {
    this.#current?.abandon('unknown');
    if (this.#began) this.#breakOff('BODY_TOO_LARGE');
    else this.#answer(errors.bodyTooLarge(limitBytes));
  }

  /** Sends the request to another instance when that is safe; false when the failure stands. */
  #tryAnother(attempt: UpstreamTry, failure: TryFailure): boolean {
    this.parts.deadlines.delete(this);
    const target = this.#target;
    const { arrival, head, match } = this.parts;
    const { route, retryMethods } = match.compiled;
    const nowMs = performance.now();
    const allowed = mayRetry({
      failure,
      repeatable: retryMethods.has(arrival.method),
      hasBody: head.hasBody,
      sent: attempt.sent,
      tries: this.tries,
      maxTries: route.tries,
      leftMs: this.#leftMs(nowMs),
    });
    if (!target || !allowed || this.#finished || (this.#body?.started ?? false)) return false;
    this.#tried ??= new Set();
    this.#tried.add(attempt.pool.instance.id);
    // A connection that was closed while idle says little of its instance: it may be asked again.
    const next = target.choose(this.#tried) ?? (failure === 'reset' ? target.choose() : undefined);
    if (!next || !this.#budgetOf(target).spend()) return false;
    this.#try(target, next, nowMs);
    return true;
  }

  #leftMs(nowMs: number): number {
    return this.#limitMs - (nowMs - this.parts.arrival.startedAtMs);
  }

  onDue(): void {
    if (this.#finished || this.#began) return;
    const attempt = this.#current;
    if (!attempt) {
      this.#answer(errors.filterTimeout(this.#filterName(), this.#limitMs), this.#filterName());
      return;
    }
    const { route } = this.parts.match.compiled;
    const wasPatient = this.#tryMs >= route.tryTimeoutMs || this.#limitMs >= route.timeoutMs;
    this.#blamed ||= wasPatient;
    attempt.abandon(wasPatient ? 'failed' : 'unknown');
    if (!this.#tryAnother(attempt, 'timeout')) this.#answer(this.#timedOut());
  }

  #timedOut(): RookeryError {
    return errors.upstreamTimeout(this.service, performance.now() - this.parts.arrival.startedAtMs);
  }

  // --- the response of an instance

  onHeaders(attempt: UpstreamTry, status: number, headers: ResponseHeaders): void {
    const { arrival, match, isDraining, deadlines } = this.parts;
    const { retryStatuses, chain } = match.compiled;
    if (status >= 429 && retryStatuses.has(status) && this.#tryAnother(attempt, 'busy')) {
      attempt.discard();
      return;
    }
    deadlines.delete(this);
    const flat = responseHeaders(headers, arrival.requestId, isDraining());
    const call = this.#call;
    if (!call || !chain) {
      const length = headers['content-length'];
      this.#begin(status).begin(flat, typeof length === 'string' ? Number(length) : -1, this.#isBodiless(status));
      return;
    }
    call.source = 'upstream';
    call.status = status;
    call.responseHeaders = flat;
    chain.response(call);
    const bodiless = this.#isBodiless(call.status);
    const transforms = bodiless ? undefined : chain.responseBody(call);
    if (transforms) {
      call.removeResponseHeader('content-length');
      this.#begin(call.status).beginThrough(call.responseHeaders, transforms);
    } else {
      const length = Number(call.responseHeader('content-length') ?? -1);
      this.#begin(call.status).begin(call.responseHeaders, length, bodiless);
    }
  }

  onData(attempt: UpstreamTry, chunk: Buffer): void {
    this.#stream?.write(chunk, attempt.controller);
  }

  onEnd(): void {
    this.#stream?.end();
  }

  onUpgrade(attempt: UpstreamTry, status: number, headers: ResponseHeaders, socket: Duplex): void {
    const { arrival, match, deadlines } = this.parts;
    deadlines.delete(this);
    const fault = arrival.upgrade?.faultOf(status, headers);
    if (!arrival.upgrade || fault) {
      socket.destroy();
      this.#blamed = true;
      attempt.outcome = 'failed';
      this.#answer(errors.upgradeFailed(this.service, fault ?? 'nobody asked for it'));
      return;
    }
    if (this.#target) this.#breakerOf(this.#target).succeeded();
    // From here on only the tunnel's end counts, and that says nothing of the service.
    this.#current = undefined;
    this.#began = true;
    this.status = status;
    let flat = responseHeaders(headers, arrival.requestId, false);
    const call = this.#call;
    if (call) {
      call.source = 'upstream';
      call.status = status;
      call.responseHeaders = flat;
      match.compiled.chain?.response(call);
      flat = call.responseHeaders;
    }
    arrival.upgrade.accept(flat, socket, (bytes, code) => {
      this.#ownBytes = bytes;
      this.code = code;
      this.#finish();
    });
  }

  onSent(): void {
    this.#finish();
  }

  onBroken(): void {
    this.#current?.abandon('answered');
    this.#breakOff('FILTER_FAILED');
  }

  onError(attempt: UpstreamTry, error: Error): void {
    if (this.#finished) return;
    if (this.#body?.clientLeft) {
      this.#onClose();
      return;
    }
    this.#blamed = true;
    attempt.outcome = 'failed';
    if (this.#began) this.#breakOff('UPSTREAM_FAILED');
    else if (!this.#tryAnother(attempt, failureOf(error, attempt.sent))) {
      this.#answer(errors.upstreamFailed(this.service));
    }
  }

  #begin(status: number): ResponseStream {
    this.#began = true;
    this.status = status;
    this.#stream = new ResponseStream(this.parts.arrival.response, this, status);
    return this.#stream;
  }

  #isBodiless(status: number): boolean {
    return status === 204 || status === 304 || this.parts.arrival.method === 'HEAD';
  }

  // --- the end

  #onClose(): void {
    if (this.#finished) return;
    const { response } = this.parts.arrival;
    if (!this.#current && response.writableFinished) {
      // A filter has written the response by itself.
      this.status = response.statusCode;
      this.#finish();
      return;
    }
    this.#blamed = false;
    this.status ||= 499;
    this.code = 'CLIENT_CLOSED';
    this.#current?.abandon(this.#began ? 'answered' : 'unknown');
    this.#finish();
  }

  /** What has begun cannot be brought to its end: the client must not take it for whole. */
  #breakOff(code: string): void {
    this.code = code;
    this.parts.arrival.response.destroy();
    this.#finish();
  }

  #answer(error: RookeryError, refusedBy?: string): void {
    if (this.#finished) return;
    const { arrival, match, isDraining } = this.parts;
    this.code = error.code;
    const { requestId, traceId } = arrival;
    const problem = problemParts(error, { requestId, traceId, close: isDraining(), refusedBy });
    this.refusedBy = problem.refusedBy;
    const call = this.#call;
    if (!call) {
      this.#send(problem);
      return;
    }
    call.source = 'gateway';
    call.status = problem.status;
    call.responseHeaders = problem.headers;
    match.compiled.chain?.response(call);
    this.#send({ status: call.status, headers: call.responseHeaders, body: problem.body });
  }

  #send(answer: OwnAnswer): void {
    const { arrival, head } = this.parts;
    this.status = answer.status;
    this.#ownBytes = answer.body.length;
    this.#body?.destroy();
    sendAnswer(arrival.request, arrival.response, answer, head.hasBody);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const { arrival, match, routes, deadlines, done } = this.parts;
    deadlines.delete(this);
    this.#body?.destroy();
    if (this.#target && this.#current) {
      const breaker = this.#breakerOf(this.#target);
      if (this.#blamed && this.code !== undefined) breaker.failed();
      else if (this.#began) breaker.succeeded();
    }
    if (this.#began && !arrival.request.complete) arrival.request.resume();
    if (this.#call) {
      this.#call.end();
      match.compiled.chain?.end(this.#call);
      routes.end();
    }
    done(this);
  }
}
