import type { Duplex } from 'node:stream';
import type { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import type { Verdict } from '../filters/filter.ts';
import { endGrpc } from '../protocols/grpc/grpc-answer.ts';
import type { Arrival } from '../request/arrival.ts';
import { type FlatHeaders, flatten, headerOf } from '../request/flat-headers.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { RouteMatch } from '../routes/compiled-route.ts';
import type { Route } from '../routes/route.ts';
import type { RouteSet } from '../routes/route-set.ts';
import type { Controller } from '../upstream/http1/request-in-flight.ts';
import type { Target } from '../upstream/target.ts';
import type { Targets } from '../upstream/targets.ts';
import type { CallOwner } from './call.ts';
import type { Deadlines, Waiting } from './deadlines.ts';
import { Passage } from './passage.ts';
import { type OwnAnswer, problemParts, sendAnswer } from './problem-response.ts';
import { responseHeaders } from './response-headers.ts';
import { ResponseStream, type StreamOwner } from './response-stream.ts';
import { Tries, type TriesOwner } from './tries.ts';
import type { UpgradeHeaders } from './upstream-try.ts';

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

/** Whether a body is longer than the route takes, as far as its length was said. */
export const isTooLong = ({ contentLength }: RequestHead, { bodyLimitBytes }: Route): boolean =>
  contentLength !== undefined && contentLength > bodyLimitBytes;

/** One request on its way through the gateway: its filters ({@link Passage}), its {@link Tries}, its {@link ResponseStream}. */
export class Exchange implements TriesOwner, Waiting, StreamOwner, CallOwner {
  slot = -1;
  dueAtMs = 0;
  status = 0;
  code: string | undefined;
  /** Filter or part that refused it. */
  refusedBy: string | undefined;
  isOver = false;
  readonly parts: ExchangeParts;
  readonly #limitMs: number;
  readonly #passage: Passage | undefined;
  readonly #tries: Tries;
  #stream: ResponseStream | undefined;
  #ownBytes = 0;

  constructor(parts: ExchangeParts) {
    const { match, head } = parts;
    const { chain, route } = match.compiled;
    this.parts = parts;
    this.#limitMs = Math.min(route.timeoutMs, head.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#passage = chain && new Passage({ ...parts, chain }, this);
    this.#tries = new Tries(parts, this, this.#limitMs, this.#passage);
  }

  get responseBytes(): number {
    return this.#stream?.bytes ?? this.#ownBytes;
  }

  /** The service that is asked, after the filters. */
  get service(): string {
    return this.#passage?.call.service ?? this.parts.match.service;
  }

  get instance(): string {
    return this.#tries.instance;
  }

  get tries(): number {
    return this.#tries.count;
  }

  start(): void {
    const { arrival, target } = this.parts;
    arrival.response.on('close', () => this.onClientLeft());
    if (this.#passage) this.#filter(this.#passage);
    else if (target) this.#tries.start(target, arrival.startedAtMs);
  }

  #filter(passage: Passage): void {
    const { arrival, deadlines } = this.parts;
    const verdict = passage.enter();
    if (!(verdict instanceof Promise)) {
      this.#decide(passage, verdict, arrival.startedAtMs);
      return;
    }
    this.dueAtMs = arrival.startedAtMs + this.#limitMs;
    deadlines.add(this);
    void verdict.then((late) => this.#decide(passage, late, performance.now()));
  }

  #decide(passage: Passage, verdict: Verdict, nowMs: number): void {
    if (this.isOver) return;
    const { deadlines } = this.parts;
    deadlines.delete(this);
    if (verdict === 'answered') this.#giveAnswer(passage);
    else if (verdict) this.#refuse(verdict, passage.filter);
    else this.#enter(nowMs);
  }

  /** To the service that the filters have left it for. */
  #enter(nowMs: number): void {
    const { targets, head, match } = this.parts;
    const { route } = match.compiled;
    const target = targets.open(this.service);
    if (!target) this.#refuse(errors.serviceUnknown(this.service));
    else if (isTooLong(head, route)) this.#refuse(errors.bodyTooLarge(route.bodyLimitBytes));
    else this.#tries.start(target, nowMs);
  }

  /** The filters have not decided in time. */
  onDue(): void {
    const filter = this.#passage?.filter ?? 'gateway';
    this.#refuse(errors.filterTimeout(filter, this.#limitMs), filter);
  }

  /** Sends what a filter answered; one that writes by itself is only waited for. */
  #giveAnswer(passage: Passage): void {
    const { call } = passage;
    const { given } = call;
    if (!given) return;
    const { arrival, head, isDraining } = this.parts;
    const headers = ['x-request-id', arrival.requestId, ...given.headers];
    if (isDraining()) headers.push('connection', 'close');
    const failure = passage.respond('gateway', given.status, headers);
    if (failure) {
      this.#fail(failure);
      return;
    }
    const bodiless = this.#isBodiless(call.status);
    const transforms = bodiless ? undefined : passage.responseBody();
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

  onResponse(status: number, headers: FlatHeaders): void {
    const { arrival, isDraining } = this.parts;
    const flat = responseHeaders(headers, arrival.requestId, isDraining());
    const { setCookie } = this.#tries;
    if (setCookie !== undefined) flat.push('set-cookie', setCookie);
    const passage = this.#passage;
    if (arrival.isGrpc && headerOf(headers, 'grpc-status') !== undefined) {
      // Trailers-Only: what has no body must not look as if it had one.
      this.#tries.abandon();
      const failure = passage?.respond('upstream', status, flat);
      if (failure) this.#fail(failure);
      else this.#send({ status, headers: passage?.call.responseHeaders ?? flat, body: '' });
      return;
    }
    if (!passage) {
      const lengthBytes = Number(headerOf(headers, 'content-length') ?? -1);
      this.#begin(status).begin(flat, lengthBytes, this.#isBodiless(status));
      return;
    }
    const failure = passage.respond('upstream', status, flat);
    if (failure) {
      this.#tries.abandon();
      this.#fail(failure);
      return;
    }
    const { call } = passage;
    const bodiless = this.#isBodiless(call.status);
    const transforms = bodiless ? undefined : passage.responseBody();
    if (transforms) {
      call.removeResponseHeader('content-length');
      this.#begin(call.status).beginThrough(call.responseHeaders, transforms);
    } else {
      this.#begin(call.status).begin(
        call.responseHeaders,
        Number(call.responseHeader('content-length') ?? -1),
        bodiless,
      );
    }
  }

  onData(chunk: Buffer, controller: Controller | undefined): void {
    this.#stream?.write(chunk, controller);
  }

  onEnd(trailers: UpgradeHeaders): void {
    const { response, request } = this.parts.arrival;
    if (request.httpVersionMajor === 2 && Object.keys(trailers).length > 0) response.addTrailers(trailers as never);
    this.#stream?.end();
  }

  onSent(): void {
    this.#finish();
  }

  onBroken(): void {
    this.#tries.abandon();
    this.onCut('FILTER_FAILED');
  }

  onSwitched(status: number, headers: UpgradeHeaders, socket: Duplex): void {
    const { arrival } = this.parts;
    this.status = status;
    const flat = responseHeaders(flatten(headers), arrival.requestId, false);
    const { setCookie } = this.#tries;
    if (setCookie !== undefined) flat.push('set-cookie', setCookie);
    this.#passage?.respond('upstream', status, flat);
    arrival.upgrade?.accept(this.#passage?.call.responseHeaders ?? flat, socket, (bytes, code) => {
      this.#ownBytes = bytes;
      this.code = code;
      this.#finish();
    });
  }

  onFailed(error: RookeryError): void {
    this.#refuse(error);
  }

  /** What has begun cannot be brought to its end: the client must not take it for whole. */
  onCut(code: string): void {
    const { response, isGrpc } = this.parts.arrival;
    this.code = code;
    if (isGrpc) endGrpc(response, code);
    else response.destroy();
    this.#finish();
  }

  onClientLeft(): void {
    if (this.isOver) return;
    const { response } = this.parts.arrival;
    if (!this.#tries.isAsking && response.writableFinished) {
      // A filter has written the response by itself.
      this.status = response.statusCode;
      this.#finish();
      return;
    }
    this.status ||= 499;
    this.code = 'CLIENT_CLOSED';
    this.#tries.abandon();
    this.#finish();
  }

  #begin(status: number): ResponseStream {
    this.status = status;
    this.#stream = new ResponseStream(this.parts.arrival.response, this, status);
    return this.#stream;
  }

  #isBodiless(status: number): boolean {
    return status === 204 || status === 304 || this.parts.arrival.method === 'HEAD';
  }

  /** Answers with a problem, which the filters see that saw the request. */
  #refuse(error: RookeryError, refusedBy?: string): void {
    if (this.isOver) return;
    const problem = this.#problem(error, refusedBy);
    const passage = this.#passage;
    const failure = passage?.respond('gateway', problem.status, problem.headers);
    if (failure || !passage) this.#send(failure ? this.#problem(failure) : problem);
    else this.#send({ status: passage.call.status, headers: passage.call.responseHeaders, body: problem.body });
  }

  /** Answers that a filter failed, past all filters. */
  #fail(failure: RookeryError): void {
    this.#send(this.#problem(failure, this.#passage?.filter));
  }

  #problem(error: RookeryError, refusedBy?: string): OwnAnswer {
    const { requestId, traceId, isGrpc } = this.parts.arrival;
    const problem = problemParts(error, { requestId, traceId, close: this.parts.isDraining(), refusedBy, isGrpc });
    this.code = error.code;
    this.refusedBy = problem.refusedBy;
    return problem;
  }

  #send(answer: OwnAnswer): void {
    const { arrival, head } = this.parts;
    this.status = answer.status;
    this.#ownBytes = answer.body.length;
    sendAnswer(arrival.request, arrival.response, answer, head.hasBody);
    this.#finish();
  }

  #finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { arrival, deadlines, done } = this.parts;
    deadlines.delete(this);
    this.#tries.end(this.code !== undefined);
    if (this.#stream && !arrival.request.complete) arrival.request.resume();
    this.#passage?.end();
    done(this);
  }
}
