import type { IncomingMessage } from 'node:http';
import { context } from '@opentelemetry/api';
import type { ServerSpan } from '@rookery/observability';

/** What we know of a request from its first byte to its last. */
export interface ServedHttpRequest {
  /** Undefined where tracing is switched off. */
  readonly trace: ServerSpan | undefined;
  /** Template of the route that took it; undefined while none has. */
  route: string | undefined;
}

const requests = new WeakMap<IncomingMessage, ServedHttpRequest>();

export function remember(request: IncomingMessage, served: ServedHttpRequest): void {
  requests.set(request, served);
}

export function servedRequest(request: IncomingMessage): ServedHttpRequest | undefined {
  return requests.get(request);
}

/**
 * Names the route of a request that a {@link RawHandler} took, for metrics and the access log. Use a template, never a
 * path with ids in it: each route is a time series.
 */
export function setRoute(request: IncomingMessage, route: string): void {
  const served = requests.get(request);
  if (served) served.route = route;
}

/** Runs `work` in the request's context; body parsers lose it, because their events come from the socket. */
export function inContextOf<T>(request: IncomingMessage, work: () => T): T {
  const served = requests.get(request);
  return served?.trace ? context.with(served.trace.context, work) : work();
}
