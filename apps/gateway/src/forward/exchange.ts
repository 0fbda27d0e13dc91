import type { Duplex } from 'node:stream';
import type { RookeryError } from '@rookery/observability';
import { errors } from '../errors.ts';
import type { Verdict } from '../filters/filter.ts';
import type { Outcome } from '../observe/request-reports.ts';
import { type FlatHeaders, flatten, headerOf } from '../request/flat-headers.ts';
import type { Controller } from '../upstream/http1/request-in-flight.ts';
import { isTooLong } from './body-limit.ts';
import type { CallOwner } from './call.ts';
import type { Waiting } from './deadlines.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { Passage } from './passage.ts';
import { Reply } from './reply.ts';
import { responseHeaders } from './response-headers.ts';
import type { StreamOwner } from './response-stream.ts';
import { Tries } from './tries.ts';
import type { TriesOwner } from './tries-owner.ts';
import type { UpgradeHeaders } from './upstream-try.ts';

/** One request on its way through the gateway: its filters ({@link Passage}), its {@link Tries}, its {@link Reply}. */
export class Exchange implements TriesOwner, Waiting, StreamOwner, CallOwner, Outcome {
  slot = -1;
  dueAtMs = 0;
  isOver = false;
  readonly #parts: ExchangeParts;
  readonly #limitMs: number;
  readonly #passage: Passage | undefined;
  readonly #tries: Tries;
  readonly #reply: Reply;

  constructor(parts: ExchangeParts) {
    const { match, head } = parts;
    const { chain, route } = match.compiled;
    this.#parts = parts;
    this.#limitMs = Math.min(route.timeoutMs, head.timeoutMs ?? Number.POSITIVE_INFINITY);
    this.#passage = chain && new Passage(parts, chain, this);
    this.#tries = new Tries(parts, this, this.#limitMs, this.#passage);
    this.#reply = new Reply(parts, this.#passage, this);
  }

  get status(): number {
    return this.#reply.status;
  }

  get code(): string | undefined {
    return this.#reply.code;
  }

  get refusedBy(): string | undefined {
    return this.#reply.refusedBy;
  }

  get responseBytes(): number {
    return this.#reply.bytes;
  }

  /** The service that is asked, after the filters. */
  get service(): string {
    return this.#passage?.call.service ?? this.#parts.match.service;
  }

  get instance(): string {
    return this.#tries.instance;
  }

  get tries(): number {
    return this.#tries.count;
  }

  start(): void {
    const { arrival, target } = this.#parts;
    arrival.response.on('close', () => this.onClientLeft());
    if (this.#passage) this.#filter(this.#passage);
    else if (target) this.#tries.start(target, arrival.startedAtMs);
  }

  #filter(passage: Passage): void {
    const { arrival, deadlines } = this.#parts;
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
    this.#parts.deadlines.delete(this);
    if (verdict === 'answered') this.#reply.give(passage);
    else if (verdict) this.#refuse(verdict, passage.filter);
    else this.#enter(nowMs);
  }

  /** To the service that the filters have left it for. */
  #enter(nowMs: number): void {
    const { targets, head, match } = this.#parts;
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

  onResponse(status: number, headers: FlatHeaders): void {
    const flat = this.#headersOf(headers, this.#parts.isDraining());
    if (this.#parts.arrival.isGrpc && headerOf(headers, 'grpc-status') !== undefined) {
      // Trailers-Only: what has no body must not look as if it had one.
      this.#tries.abandon();
      this.#reply.headOnly(status, flat);
    } else if (!this.#reply.begin(status, flat)) {
      this.#tries.abandon();
    }
  }

  onData(chunk: Buffer, controller: Controller | undefined): void {
    this.#reply.write(chunk, controller);
  }

  onEnd(trailers: UpgradeHeaders): void {
    this.#reply.end(trailers);
  }

  onSent(): void {
    this.#finish();
  }

  onBroken(): void {
    this.#tries.abandon();
    this.onCut('FILTER_FAILED');
  }

  onSwitched(status: number, headers: UpgradeHeaders, socket: Duplex): void {
    this.#reply.switchTo(status, this.#headersOf(flatten(headers), false), socket);
  }

  onFailed(error: RookeryError): void {
    this.#refuse(error);
  }

  onCut(code: string): void {
    this.#reply.cut(code);
    this.#finish();
  }

  onClientLeft(): void {
    if (this.isOver) return;
    const { response } = this.#parts.arrival;
    const reply = this.#reply;
    if (!this.#tries.isAsking && response.writableFinished) {
      // A filter has written the response by itself.
      reply.status = response.statusCode;
      this.#finish();
      return;
    }
    reply.status ||= 499;
    reply.code = 'CLIENT_CLOSED';
    this.#tries.abandon();
    this.#finish();
  }

  #headersOf(headers: FlatHeaders, close: boolean): FlatHeaders {
    const flat = responseHeaders(headers, this.#parts.arrival.requestId, close);
    const { setCookie } = this.#tries;
    if (setCookie !== undefined) flat.push('set-cookie', setCookie);
    return flat;
  }

  #refuse(error: RookeryError, refusedBy?: string): void {
    if (!this.isOver) this.#reply.refuse(error, refusedBy);
  }

  #finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { arrival, deadlines, done } = this.#parts;
    deadlines.delete(this);
    this.#tries.end(this.code !== undefined);
    if (this.#reply.isStreamed && !arrival.request.complete) arrival.request.resume();
    this.#passage?.end();
    done(this.#parts, this);
  }
}
