import type { IncomingMessage, ServerResponse } from 'node:http';
import { type RookeryError, TIMEOUT_HEADER } from '@rookery/observability';
import { errors } from '../errors.ts';
import { RequestBody } from '../request/request-body.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { RouteMatch } from '../routes/route-table.ts';
import type { InstancePool } from '../upstream/instance-pool.ts';
import type { Target } from '../upstream/target.ts';
import type { Deadlines, Waiting } from './deadlines.ts';
import { answerProblem } from './problem-response.ts';
import { responseHeaders } from './response-headers.ts';
import { failureOf, mayRetry, type TryFailure } from './retry-decision.ts';
import { type TryListener, UpstreamTry } from './upstream-try.ts';

/** What an exchange is made of. */
export interface ExchangeParts {
  request: IncomingMessage;
  response: ServerResponse;
  head: RequestHead;
  match: RouteMatch;
  target: Target;
  requestId: string;
  traceparent: string;
  traceId: string;
  clientAddress: string;
  startedAtMs: number;
  deadlines: Deadlines;
  isDraining: () => boolean;
  /** Called once, when nothing more happens. */
  done: (exchange: Exchange) => void;
}

const HELD_BACK_BYTES = 64 * 1024;
const ONE_PIECE_BYTES = 8 * 1024;

/** One request on its way through the gateway: tries instances until one answers, then streams the answer. */
export class Exchange implements TryListener, Waiting {
  slot = -1;
  dueAtMs = 0;
  status = 0;
  code: string | undefined;
  responseBytes = 0;
  tries = 0;
  instance = '';
  readonly parts: ExchangeParts;
  readonly #limitMs: number;
  #current: UpstreamTry | undefined;
  #body: RequestBody | undefined;
  #tried: Set<string> | undefined;
  #tryMs = 0;
  #forwardedHeaders = 0;
  #began = false;
  #held: string[] | undefined;
  #expectedBytes = -1;
  #finished = false;
  /** Whether a failure speaks against the service: not when the client left, or gave less time than the route does. */
  #blamed = false;

  static readonly #releaseOf = (exchange: Exchange): void => exchange.#release();

  constructor(parts: ExchangeParts) {
    this.parts = parts;
    this.#limitMs = Math.min(parts.match.route.timeoutMs, parts.head.timeoutMs ?? Number.POSITIVE_INFINITY);
  }

  start(): void {
    const { response, target } = this.parts;
    response.on('close', () => this.#onClose());
    if (target.isReady) this.#admit(this.parts.startedAtMs);
    else this.#awaitTarget();
  }

  onHeaders(attempt: UpstreamTry, status: number, headers: Record<string, string | string[] | undefined>): void {
    if (status === 503 && this.#tryAnother(attempt, 'busy')) {
      attempt.discard();
      return;
    }
    this.parts.deadlines.delete(this);
    const { request, response, requestId, isDraining } = this.parts;
    this.#began = true;
    this.status = status;
    const flat = responseHeaders(headers, requestId, isDraining());
    const length = headers['content-length'];
    this.#expectedBytes = typeof length === 'string' ? Number(length) : -1;
    const bodiless = request.method === 'HEAD' || status === 204 || status === 304;
    if (!bodiless && this.#expectedBytes >= 0 && this.#expectedBytes <= HELD_BACK_BYTES) {
      // A small body mostly arrives with its headers: they leave together, in one write.
      this.#held = flat;
      process.nextTick(Exchange.#releaseOf, this);
      return;
    }
    response.writeHead(status, flat);
    if (!bodiless) response.flushHeaders();
  }

  onData(attempt: UpstreamTry, chunk: Buffer): void {
    const { response } = this.parts;
    this.responseBytes += chunk.length;
    if (this.#held) {
      response.writeHead(this.status, this.#held);
      this.#held = undefined;
    }
    if (this.responseBytes === this.#expectedBytes) {
      // As text of one byte a character it goes out with the headers in one piece, which is the cheapest write.
      if (chunk.length <= ONE_PIECE_BYTES) response.end(chunk.toString('latin1'), 'latin1');
      else response.end(chunk);
    } else if (!response.write(chunk) && attempt.controller) {
      const { controller } = attempt;
      controller.pause();
      response.once('drain', () => controller.resume());
    }
  }

  onEnd(): void {
    const { response } = this.parts;
    this.#release();
    if (!response.writableEnded) response.end();
    this.#finish();
  }

  onError(attempt: UpstreamTry, error: Error): void {
    if (this.#finished) return;
    if (this.#began && !this.#body?.clientLeft) {
      this.#blamed = true;
      attempt.outcome = 'failed';
      this.code = 'UPSTREAM_FAILED';
      this.parts.response.destroy();
      this.#finish();
      return;
    }
    if (this.#body?.clientLeft) {
      this.#onClose();
      return;
    }
    this.#blamed = true;
    const failure = failureOf(error, attempt.sent);
    attempt.outcome = 'failed';
    if (!this.#tryAnother(attempt, failure)) this.#answer(errors.upstreamFailed(this.parts.target.service));
  }

  /** The registry has not answered yet what instances there are: only in a gateway's first moments. */
  #awaitTarget(): void {
    const { target } = this.parts;
    const timer = setTimeout(
      () => this.#answer(errors.noInstance(target.service, 1_000)),
      Math.min(this.#limitMs, 2_000),
    );
    const known = () => {
      clearTimeout(timer);
      if (!this.#finished) this.#admit(performance.now());
    };
    target.ready().then(known, known);
  }

  #admit(nowMs: number): void {
    const { target } = this.parts;
    const pool = target.choose();
    if (!pool) {
      this.#answer(errors.noInstance(target.service, 1_000));
    } else if (!target.breaker.admit()) {
      this.#answer(errors.circuitOpen(target.service, target.breaker.retryAfterMs));
    } else {
      target.budget.earn();
      this.#send(pool, nowMs);
    }
  }

  #send(pool: InstancePool, nowMs: number): void {
    const { request, match, head, target, deadlines } = this.parts;
    const leftMs = this.#leftMs(nowMs);
    if (pool.isFull || leftMs <= 0) {
      this.#answer(pool.isFull ? errors.overloaded(target.service) : this.#timedOut());
      return;
    }
    this.#tryMs = Math.min(leftMs, match.route.tryTimeoutMs);
    this.tries++;
    this.instance = pool.instance.id;
    const attempt = new UpstreamTry(this, target, pool, nowMs);
    this.#current = attempt;
    this.dueAtMs = nowMs + this.#tryMs;
    deadlines.add(this);
    this.#addOwn(head.headers, leftMs);
    if (head.hasBody) this.#body = this.#newBody();
    try {
      pool.pool.dispatch(
        {
          path: request.url as string,
          method: request.method as 'GET',
          headers: head.headers,
          body: head.hasBody ? this.#body : null,
          bodyTimeout: match.route.idleTimeoutMs,
        },
        attempt,
      );
    } catch (error) {
      attempt.onResponseError(undefined as never, error as Error);
    }
  }

  #addOwn(headers: string[], leftMs: number): void {
    const { head, requestId, traceparent, clientAddress } = this.parts;
    // An earlier try has added these already.
    if (this.tries === 1) this.#forwardedHeaders = headers.length;
    else headers.length = this.#forwardedHeaders;
    if (head.hasBody && head.contentLength !== undefined) headers.push('content-length', String(head.contentLength));
    headers.push(
      'x-forwarded-for',
      clientAddress,
      'x-forwarded-proto',
      'http',
      'x-forwarded-host',
      head.host,
      'x-request-id',
      requestId,
      'traceparent',
      traceparent,
      TIMEOUT_HEADER,
      String(Math.ceil(leftMs)),
    );
  }

  #newBody(): RequestBody {
    const { request, response, head, match } = this.parts;
    this.#body?.destroy();
    const { bodyLimitBytes } = match.route;
    return new RequestBody(
      request,
      bodyLimitBytes,
      () => {
        if (head.expectsContinue && !response.headersSent) response.writeContinue();
      },
      () => this.#tooLarge(bodyLimitBytes),
    );
  }

  #tooLarge(limitBytes: number): void {
    this.#current?.abandon('unknown');
    if (this.#began) {
      this.code = 'BODY_TOO_LARGE';
      this.parts.response.destroy();
      this.#finish();
    } else {
      this.#answer(errors.bodyTooLarge(limitBytes));
    }
  }

  /** Sends the request to another instance when that is safe; false when the failure stands. */
  #tryAnother(attempt: UpstreamTry, failure: TryFailure): boolean {
    this.parts.deadlines.delete(this);
    const { request, head, match, target } = this.parts;
    const nowMs = performance.now();
    const allowed = mayRetry({
      failure,
      method: request.method as string,
      hasBody: head.hasBody,
      sent: attempt.sent,
      tries: this.tries,
      maxTries: match.route.tries,
      leftMs: this.#leftMs(nowMs),
    });
    if (!allowed || this.#finished || (this.#body?.started ?? false)) return false;
    this.#tried ??= new Set();
    this.#tried.add(attempt.pool.instance.id);
    // A connection that was closed while idle says little of its instance: it may be asked again.
    const next = target.choose(this.#tried) ?? (failure === 'reset' ? target.choose() : undefined);
    if (!next || !target.budget.spend()) return false;
    this.#send(next, nowMs);
    return true;
  }

  #leftMs(nowMs: number): number {
    return this.#limitMs - (nowMs - this.parts.startedAtMs);
  }

  onDue(): void {
    const attempt = this.#current;
    if (this.#finished || this.#began || !attempt) return;
    const { route } = this.parts.match;
    const wasPatient = this.#tryMs >= route.tryTimeoutMs || this.#limitMs >= route.timeoutMs;
    this.#blamed ||= wasPatient;
    attempt.abandon(wasPatient ? 'failed' : 'unknown');
    if (!this.#tryAnother(attempt, 'timeout')) this.#answer(this.#timedOut());
  }

  #timedOut(): RookeryError {
    return errors.upstreamTimeout(this.parts.target.service, performance.now() - this.parts.startedAtMs);
  }

  #onClose(): void {
    if (this.#finished) return;
    this.#blamed = false;
    this.status ||= 499;
    this.code = 'CLIENT_CLOSED';
    this.#current?.abandon(this.#began ? 'answered' : 'unknown');
    this.#finish();
  }

  #release(): void {
    if (!this.#held || this.#finished) return;
    const { response } = this.parts;
    response.writeHead(this.status, this.#held);
    this.#held = undefined;
    if (this.#expectedBytes !== 0) response.flushHeaders();
  }

  #answer(error: RookeryError): void {
    if (this.#finished) return;
    const { request, response, head, requestId, traceId, isDraining } = this.parts;
    this.status = error.status;
    this.code = error.code;
    this.#body?.destroy();
    const options = { requestId, traceId, close: isDraining() };
    this.responseBytes = answerProblem(request, response, error, options, head.hasBody);
    this.#finish();
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.parts.deadlines.delete(this);
    this.#body?.destroy();
    const { target, done, request } = this.parts;
    if (this.#blamed && this.code !== undefined) target.breaker.failed();
    else if (this.#began) target.breaker.succeeded();
    if (this.#began && !request.complete) request.resume();
    done(this);
  }
}
