import type { IncomingMessage, ServerResponse } from 'node:http';
import { context } from '@opentelemetry/api';
import type { Runs, ServerSpan } from '@rookery/observability';

/** What we know of a request from its first byte to its last. */
export interface ServedHttpRequest extends Runs {
  readonly response: ServerResponse;
  /** Undefined where tracing is switched off, and for the internal endpoints. */
  trace: ServerSpan | undefined;
  /** Template of the route that took it; undefined while none has. */
  route: string | undefined;
}

const SERVED = Symbol('served');

/** A property costs a request next to nothing; a WeakMap of young keys costs each garbage collection. */
interface Marked extends IncomingMessage {
  [SERVED]?: ServedHttpRequest;
}

export function remember(request: Marked, served: ServedHttpRequest): void {
  request[SERVED] = served;
}

export function servedRequest(request: Marked): ServedHttpRequest | undefined {
  return request[SERVED];
}

/**
 * Names the route of a request that a {@link RawHandler} took, for metrics and the access log. Use a template, never a
 * path with ids in it: each route is a time series.
 */
export function setRoute(request: IncomingMessage, route: string): void {
  const served = servedRequest(request);
  if (served) served.route = route;
}

/** Runs `work` in the request's context; body parsers lose it, because their events come from the socket. */
export function inContextOf<T>(request: IncomingMessage, work: () => T): T {
  const served = servedRequest(request);
  return served?.trace ? context.with(served.trace.context, work) : work();
}
