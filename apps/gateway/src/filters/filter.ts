import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Registry } from '@rookery/discovery';
import type { Logger, Metrics, Principal, RookeryError } from '@rookery/observability';
import type { Clock, Random } from '@rookery/resilience';
import type { z } from 'zod';
import type { Asked, TrySpan } from '../observe/request-spans.ts';
import type { Route } from '../routes/route.ts';
import type { Targets } from '../upstream/targets.ts';
import type { Sharing } from './shared.ts';

/** Undefined: go on. An error: refuse. `answered`: the filter has answered by itself. */
export type Verdict = undefined | RookeryError | 'answered';

/** One filter of one route, made once when the routes are loaded. A method that is not there costs nothing. */
export interface Filter {
  readonly name: string;
  /** Before an instance is chosen, in order; a promise only where it must wait, which the request's deadline bounds. */
  onRequest?(call: Call): Verdict | Promise<Verdict>;
  /**
   * Before status and headers go to the client, in reverse order, for each filter that saw the request: so also for
   * what a later filter or the gateway itself answers, see {@link Call.source}. May change status and headers.
   */
  onResponse?(call: Call): void;
  /** A transform of the response's body, asked after onResponse; undefined leaves it alone. */
  responseBody?(call: Call): Duplex | undefined;
  /** A transform of the request's body, asked once for each try; undefined leaves it alone. */
  requestBody?(call: Call): Duplex | undefined;
  /** Once for each filter that saw the request, when the exchange is over in whatever way. */
  onEnd?(call: Call): void;
  /** What it holds at the moment, for administrators: numbers and names, never secrets. */
  state?(): Record<string, unknown>;
  /** When the routes were replaced and nothing runs on this one any more, or when the process ends. */
  close?(): void | Promise<void>;
}

/** Who is behind a request, as a verified token says. */
export interface VerifiedPrincipal extends Principal {
  /** The client that the token was given to. */
  readonly clientId?: string | undefined;
  /** Epoch ms. */
  readonly expiresAtMs?: number | undefined;
}

/** What a filter sees and may change of one request. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly route: Route;
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  /** Without the question mark; empty where there is none. */
  readonly query: string;
  /** Path and query that go upstream. */
  target: string;
  /** The service that is asked. */
  service: string;
  /** As the client sent it, with its port. */
  readonly host: string;
  /** Name (lower case), value, name, value: end-to-end headers that go upstream. */
  readonly headers: string[];
  readonly hasBody: boolean;
  readonly clientAddress: string;
  /** What stands in the path for each `{name}` of the route, still encoded. */
  readonly params: Readonly<Record<string, string>>;
  principal: VerifiedPrincipal | undefined;
  /** Goes upstream and back to the client in x-request-id. */
  requestId: string;
  readonly traceparent: string;
  readonly traceId: string;
  /** The span of a request that a filter sends to an instance by itself; undefined where nobody keeps it. */
  beginTry(asked: Asked): TrySpan | undefined;
  /** On the clock of `performance.now()`. */
  readonly startedAtMs: number;
  /** Aborts when the exchange is over. */
  readonly signal: AbortSignal;
  /** Of the response; 0 before there is one. */
  status: number;
  /** Name (lower case), value, name, value. */
  responseHeaders: string[];
  /** Who gave the response: an instance, or a filter or the gateway in its place. */
  readonly source: 'upstream' | 'gateway';
  /** Code of the refusal or failure, where there is one. */
  readonly code: string | undefined;
  /** Instance that was asked last, and how many tries there were. */
  readonly instance: string;
  readonly tries: number;
  /** What filters tell each other. */
  readonly notes: Map<string, unknown>;

  /** A request header's value, several joined; `name` in lower case. */
  header(name: string): string | undefined;
  /** Puts a request header in place of all of that name. */
  setHeader(name: string, value: string): void;
  removeHeader(name: string): void;
  responseHeader(name: string): string | undefined;
  setResponseHeader(name: string, value: string): void;
  removeResponseHeader(name: string): void;
  /** The response of a filter that then says `answered`; goes through the filters before it. Content-length is added. */
  answer(status: number, headers: readonly string[], body?: string | Buffer): void;
}

/** What filters are made of. */
export interface FilterParts {
  readonly route: Route;
  readonly registry: Registry;
  readonly targets: Targets;
  readonly metrics: Metrics;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** What filters of several routes share and what outlives a change of the routes: connections, buckets, caches. */
  readonly shared: Sharing;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
}

/** How a filter comes from its settings. */
export interface FilterKind<S = unknown> {
  readonly name: string;
  /** A strict object with `name: z.literal(…)`; refuses here what could not work, so that `create` does not throw. */
  readonly schema: z.ZodType<S>;
  /** The lower runs earlier on requests, and later on responses; see kinds.ts for the ranges. */
  readonly order: number;
  /** Whether it is made of files too, which are read whenever routes are put in force: not only of its settings. */
  readonly readsFiles?: boolean;
  create(settings: S, parts: FilterParts): Filter;
}
