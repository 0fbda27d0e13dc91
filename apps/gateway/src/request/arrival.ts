import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { LANE_HEADER } from '@rookery/observability';
import type { RequestSpans } from '../observe/request-spans.ts';
import { childOf, newTraceparent, spanIdOf, traceIdOf } from '../observe/trace.ts';
import { isGrpcMediaType } from '../protocols/grpc/grpc-message.ts';
import type { Upgrade } from '../protocols/websocket/upgrade.ts';
import type { RequestFacts, Sticky } from '../routes/request-facts.ts';
import { headerOf } from './flat-headers.ts';
import type { RequestHead } from './request-headers.ts';
import { shareOf, subjectOf } from './sticky-share.ts';
import { type AddressSet, forwardedChain, plainAddress } from './trusted-proxies.ts';

const LANE = /^[a-z0-9-]{1,63}$/;
const NO_HEADERS: readonly string[] = [];

/** A request as it came, and what routes and filters may ask about it: found out only when somebody asks. */
export class Arrival implements RequestFacts {
  /** The gateway's own span; what goes upstream is below it. */
  readonly traceparent: string;
  readonly parentSpanId: string | undefined;
  readonly traceId: string;
  requestId: string;
  /** Where the client asks for a WebSocket. */
  upgrade: Upgrade | undefined = undefined;
  /** Where spans are kept; undefined where nobody wants any. */
  spans: RequestSpans | undefined = undefined;
  /** Id of the route that takes it, once one is found. */
  route: string | undefined = undefined;
  #chain: string[] | undefined;
  #shares: Map<string, number> | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    /** Text says why the headers are refused. */
    readonly head: RequestHead | string,
    readonly pathLength: number,
    readonly startedAtMs: number,
    readonly trustedProxies: AddressSet | undefined,
    /** Share of the traces that begin here which are kept. */
    sampleRatio = 1,
  ) {
    const known = typeof head === 'string' ? undefined : head;
    const parent = known?.traceparent;
    this.parentSpanId = parent && spanIdOf(parent);
    this.traceparent = parent ? childOf(parent) : newTraceparent(sampleRatio === 1 || Math.random() < sampleRatio);
    this.traceId = traceIdOf(this.traceparent);
    this.requestId = known?.requestId ?? this.traceId;
  }

  /** Whether this is a call of gRPC, whose failures are told in its own way. */
  get isGrpc(): boolean {
    return this.request.httpVersionMajor === 2 && isGrpcMediaType(this.header('content-type'));
  }

  get method(): string {
    return this.request.method as string;
  }

  get url(): string {
    return this.request.url as string;
  }

  get path(): string {
    const { url, pathLength } = this;
    if (pathLength < 0) return url.split('?', 1)[0] as string;
    return pathLength === url.length ? url : url.slice(0, pathLength);
  }

  get query(): string {
    return this.url.slice(this.pathLength + 1);
  }

  get host(): string {
    return typeof this.head === 'string' ? '' : this.head.host;
  }

  get hostName(): string {
    return this.host.toLowerCase().replace(/:\d+$/, '');
  }

  get headers(): readonly string[] {
    return typeof this.head === 'string' ? NO_HEADERS : this.head.headers;
  }

  /** Address of the client, as far as the proxies before us are trusted. */
  get clientAddress(): string {
    return this.trustedProxies ? (this.#forwarded[0] as string) : this.#peer;
  }

  /** What goes upstream in x-forwarded-for: the client, and the trusted proxies that it came through. */
  get forwardedFor(): string {
    return this.trustedProxies ? this.#forwarded.join(', ') : this.#peer;
  }

  /** Protocol that the client spoke. */
  get forwardedProto(): 'http' | 'https' {
    if (this.trustedProxies?.has(this.#peer)) {
      const given = this.#rawHeader('x-forwarded-proto');
      if (given === 'http' || given === 'https') return given;
    }
    return (this.request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  }

  /** Traffic lane of the request's context. */
  get lane(): string | undefined {
    const given = this.header(LANE_HEADER) ?? this.header('baggage')?.match(/(?:^|,)\s*lane\s*=\s*([^,;\s]+)/)?.[1];
    return given !== undefined && LANE.test(given) ? given : undefined;
  }

  header(name: string): string | undefined {
    return headerOf(this.headers, name);
  }

  queryValue(name: string): string | undefined {
    return new URLSearchParams(this.query).get(name) ?? undefined;
  }

  cookie(name: string): string | undefined {
    for (const pair of (this.header('cookie') ?? '').split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
    }
    return undefined;
  }

  share(group: string, sticky: Sticky | undefined, random: () => number): number {
    this.#shares ??= new Map();
    let share = this.#shares.get(group);
    if (share === undefined) {
      const key = sticky && this.#stickyKey(sticky);
      share = key ? shareOf(group, key) : random();
      this.#shares.set(group, share);
    }
    return share;
  }

  #stickyKey({ cookie, header, principal }: Sticky): string | undefined {
    if (cookie) return this.cookie(cookie);
    if (header) return this.header(header);
    return principal ? subjectOf(this.header('authorization')) : this.clientAddress;
  }

  get #peer(): string {
    return plainAddress(this.request.socket.remoteAddress ?? 'unknown');
  }

  get #forwarded(): string[] {
    this.#chain ??= this.trustedProxies
      ? forwardedChain(this.#peer, this.#rawHeader('x-forwarded-for'), this.trustedProxies)
      : [this.#peer];
    return this.#chain;
  }

  /** A header that is dropped from what goes upstream. */
  #rawHeader(name: string): string | undefined {
    const { rawHeaders } = this.request;
    const found: string[] = [];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]?.toLowerCase() === name) found.push(rawHeaders[at + 1] as string);
    }
    return found.length > 0 ? found.join(', ') : undefined;
  }
}
