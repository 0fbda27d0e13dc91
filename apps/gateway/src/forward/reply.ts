import type { Duplex } from 'node:stream';
import type { RookeryError } from '@rookery/observability';
import { endGrpc } from '../protocols/grpc/grpc-answer.ts';
import { headerOf } from '../request/flat-headers.ts';
import type { Controller } from '../upstream/http1/request-in-flight.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import type { Passage } from './passage.ts';
import { type OwnAnswer, problemParts, sendAnswer } from './problem-response.ts';
import { ResponseStream, type StreamOwner } from './response-stream.ts';
import type { UpgradeHeaders } from './upstream-try.ts';

/** What goes back to the client of one request: what an instance or a filter answers, or a problem. Filters see it first. */
export class Reply {
  status = 0;
  code: string | undefined;
  /** Filter or part that refused the request. */
  refusedBy: string | undefined;
  #stream: ResponseStream | undefined;
  #ownBytes = 0;

  /** @param owner hears when the last of it is out. */
  constructor(
    private readonly parts: ExchangeParts,
    private readonly passage: Passage | undefined,
    private readonly owner: StreamOwner,
  ) {}

  get bytes(): number {
    return this.#stream?.bytes ?? this.#ownBytes;
  }

  /** Whether a response has begun that is not sent in one piece. */
  get isStreamed(): boolean {
    return this.#stream !== undefined;
  }

  /** The head of what an instance answers; false where a filter failed on it, and a problem was sent instead. */
  begin(status: number, headers: string[]): boolean {
    const { passage } = this;
    if (!passage) {
      const lengthBytes = Number(headerOf(headers, 'content-length') ?? -1);
      this.#open(status).begin(headers, lengthBytes, this.#isBodiless(status));
      return true;
    }
    const failure = passage.respond('upstream', status, headers);
    if (failure) {
      this.#fail(failure);
      return false;
    }
    const { call } = passage;
    const bodiless = this.#isBodiless(call.status);
    const transforms = bodiless ? undefined : passage.responseBody();
    if (transforms) {
      call.removeResponseHeader('content-length');
      this.#open(call.status).beginThrough(call.responseHeaders, transforms);
    } else {
      const lengthBytes = Number(call.responseHeader('content-length') ?? -1);
      this.#open(call.status).begin(call.responseHeaders, lengthBytes, bodiless);
    }
    return true;
  }

  /** The instance answers with a head and nothing else. */
  headOnly(status: number, headers: string[]): void {
    const { passage } = this;
    const failure = passage?.respond('upstream', status, headers);
    if (failure) this.#fail(failure);
    else this.#send({ status, headers: passage?.call.responseHeaders ?? headers, body: '' });
  }

  write(chunk: Buffer, controller: Controller | undefined): void {
    this.#stream?.write(chunk, controller);
  }

  end(trailers: UpgradeHeaders): void {
    const { response, request } = this.parts.arrival;
    if (request.httpVersionMajor === 2 && Object.keys(trailers).length > 0) response.addTrailers(trailers as never);
    this.#stream?.end();
  }

  /** The connection goes on in another protocol, until one of the two ends it. */
  switchTo(status: number, headers: string[], socket: Duplex): void {
    const { passage } = this;
    this.status = status;
    passage?.respond('upstream', status, headers);
    this.parts.arrival.upgrade?.accept(passage?.call.responseHeaders ?? headers, socket, (bytes, code) => {
      this.#ownBytes = bytes;
      this.code = code;
      this.owner.onSent();
    });
  }

  /** What has begun cannot be brought to its end: the client must not take it for whole. */
  cut(code: string): void {
    const { response, isGrpc } = this.parts.arrival;
    this.code = code;
    if (isGrpc) endGrpc(response, code);
    else response.destroy();
  }

  /** Sends what a filter answered; one that writes by itself is only waited for. */
  give(passage: Passage): void {
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
      const stream = this.#open(call.status);
      stream.beginThrough(call.responseHeaders, transforms);
      stream.write(given.body, undefined);
      stream.end();
      return;
    }
    if (call.status !== 204 && call.status !== 304) call.setResponseHeader('content-length', `${given.body.length}`);
    this.#send({ status: call.status, headers: call.responseHeaders, body: bodiless ? '' : given.body });
    if (head.hasBody && !arrival.request.complete) arrival.request.resume();
  }

  /** A problem, which the filters see that saw the request. */
  refuse(error: RookeryError, refusedBy: string | undefined): void {
    const problem = this.#problem(error, refusedBy);
    const { passage } = this;
    const failure = passage?.respond('gateway', problem.status, problem.headers);
    if (failure || !passage) this.#send(failure ? this.#problem(failure) : problem);
    else this.#send({ status: passage.call.status, headers: passage.call.responseHeaders, body: problem.body });
  }

  /** A filter failed: that goes out past all filters. */
  #fail(failure: RookeryError): void {
    this.#send(this.#problem(failure, this.passage?.filter));
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
    this.owner.onSent();
  }

  #open(status: number): ResponseStream {
    this.status = status;
    this.#stream = new ResponseStream(this.parts.arrival.response, this.owner, status);
    return this.#stream;
  }

  #isBodiless(status: number): boolean {
    return status === 204 || status === 304 || this.parts.arrival.method === 'HEAD';
  }
}
