import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PassingCall } from '../filters/chain.ts';
import type { VerifiedPrincipal } from '../filters/filter.ts';
import type { Asked, TrySpan } from '../observe/request-spans.ts';
import type { Arrival } from '../request/arrival.ts';
import { headerOf, removeHeader, setHeader } from '../request/flat-headers.ts';
import type { RequestHead } from '../request/request-headers.ts';
import type { RouteMatch } from '../routes/compiled-route.ts';
import type { Route } from '../routes/route.ts';

/** What a call asks of the exchange that it belongs to. */
export interface CallOwner {
  readonly code: string | undefined;
  readonly instance: string;
  readonly tries: number;
  readonly isOver: boolean;
}

/** The response that a filter gave by itself. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** One request as the filters of its route see it. */
export class ActiveCall implements PassingCall {
  target: string;
  service: string;
  status = 0;
  responseHeaders: string[] = [];
  source: 'upstream' | 'gateway' = 'gateway';
  principal: VerifiedPrincipal | undefined;
  reached = -1;
  given: Answer | undefined;
  #params: Record<string, string> | undefined;
  #notes: Map<string, unknown> | undefined;
  #abort: AbortController | undefined;

  constructor(
    private readonly arrival: Arrival,
    private readonly head: RequestHead,
    private readonly match: RouteMatch,
    private readonly owner: CallOwner,
  ) {
    this.target = arrival.url;
    this.service = match.service;
  }

  get request(): IncomingMessage {
    return this.arrival.request;
  }

  get response(): ServerResponse {
    return this.arrival.response;
  }

  get route(): Route {
    return this.match.compiled.route;
  }

  get method(): string {
    return this.arrival.method;
  }

  get path(): string {
    return this.arrival.path;
  }

  get query(): string {
    return this.arrival.query;
  }

  get host(): string {
    return this.head.host;
  }

  get headers(): string[] {
    return this.head.headers;
  }

  get hasBody(): boolean {
    return this.head.hasBody;
  }

  get clientAddress(): string {
    return this.arrival.clientAddress;
  }

  get params(): Readonly<Record<string, string>> {
    this.#params ??= this.match.compiled.paramsOf(this.path);
    return this.#params;
  }

  get requestId(): string {
    return this.arrival.requestId;
  }

  set requestId(id: string) {
    this.arrival.requestId = id;
  }

  get traceparent(): string {
    return this.arrival.traceparent;
  }

  get traceId(): string {
    return this.arrival.traceId;
  }

  get startedAtMs(): number {
    return this.arrival.startedAtMs;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.isOver) this.#abort.abort();
    return this.#abort.signal;
  }

  get code(): string | undefined {
    return this.owner.code;
  }

  get instance(): string {
    return this.owner.instance;
  }

  get tries(): number {
    return this.owner.tries;
  }

  get isOver(): boolean {
    return this.owner.isOver;
  }

  get notes(): Map<string, unknown> {
    this.#notes ??= new Map();
    return this.#notes;
  }

  beginTry(asked: Asked): TrySpan | undefined {
    return this.arrival.spans?.beginTry(this.arrival, asked);
  }

  header(name: string): string | undefined {
    return headerOf(this.head.headers, name);
  }

  setHeader(name: string, value: string): void {
    setHeader(this.head.headers, name, value);
  }

  removeHeader(name: string): void {
    removeHeader(this.head.headers, name);
  }

  responseHeader(name: string): string | undefined {
    return headerOf(this.responseHeaders, name);
  }

  setResponseHeader(name: string, value: string): void {
    setHeader(this.responseHeaders, name, value);
  }

  removeResponseHeader(name: string): void {
    removeHeader(this.responseHeaders, name);
  }

  answer(status: number, headers: readonly string[], body: string | Buffer = ''): void {
    this.given = { status, headers, body: typeof body === 'string' ? Buffer.from(body) : body };
  }

  /** The exchange is over: who waits for the signal hears it. */
  end(): void {
    this.#abort?.abort();
  }
}
