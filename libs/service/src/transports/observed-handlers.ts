import type { MessageHandler, Server } from '@nestjs/microservices';
import { context, SpanKind, trace } from '@opentelemetry/api';
import {
  type Carrier,
  currentRequest,
  endSpan,
  type Logger,
  type RedMetrics,
  type ServerSpan,
  startServerSpan,
} from '@rookery/observability';
import { finalize, from, isObservable, Observable, tap } from 'rxjs';

export interface ObservedHandlersOptions {
  transport: 'grpc' | 'messaging';
  logger: Logger;
  red: RedMetrics | undefined;
  tracing: boolean;
  accessLog: boolean;
}

/** Payload and context; gRPC gives the call as a third. */
type HandlerArguments = Parameters<MessageHandler>;

/**
 * Wraps each handler that Nest adds to a transport: the caller's context around it where the transport has not set it,
 * and rate, errors and duration, and a line in the log, once it has ended.
 */
export function observeHandlers(server: Pick<Server, 'addHandler'>, options: ObservedHandlersOptions): void {
  const add = server.addHandler.bind(server);
  server.addHandler = (pattern, handler, isEvent, extras) => {
    const route = routeOf(pattern);
    const observed: MessageHandler = (...args: HandlerArguments) => observe(route, args, handler, isEvent, options);
    chainThrough(observed, handler);
    add(pattern, observed, isEvent, extras);
  };
}

/** Nest links the handlers of one event by `next` and follows it on the inner function; both must see the same link. */
function chainThrough(outer: MessageHandler, inner: MessageHandler): void {
  Object.defineProperty(outer, 'next', {
    get: () => inner.next,
    set: (next: MessageHandler['next']) => {
      inner.next = next;
    },
  });
}

async function observe(
  route: string,
  args: HandlerArguments,
  handler: MessageHandler,
  isEvent: boolean | undefined,
  options: ObservedHandlersOptions,
): Promise<Observable<unknown>> {
  const { transport, red, logger, tracing, accessLog } = options;
  const startedAtMs = performance.now();
  const span = tracing ? ownSpan(route, args[1]) : undefined;
  let failure: string | undefined;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    const durationMs = performance.now() - startedAtMs;
    const status = failure ?? 'ok';
    const method = isEvent ? 'event' : 'call';
    red?.ended({ transport, method, route, status, durationMs });
    if (span) endSpan(span.span, failure);
    if (!accessLog) return;
    logger.info({ transport, method, route, status, durationMs: Math.round(durationMs * 100) / 100 }, 'request served');
  };
  const failed = (error: unknown): void => {
    failure = statusOf(error);
  };
  red?.started(transport);
  const run = async (): Promise<Observable<unknown>> => {
    try {
      const result: unknown = await handler(...args);
      const answer = isObservable(result) ? result : from([result]);
      return within(span, answer).pipe(tap({ error: failed }), finalize(end));
    } catch (error) {
      failed(error);
      end();
      throw error;
    }
  };
  return span ? context.with(span.context, run) : run();
}

/** Where interceptors stand before a handler, it runs only when its answer is subscribed to: then too in its context. */
const within = (span: ServerSpan | undefined, answer: Observable<unknown>): Observable<unknown> =>
  span ? new Observable((subscriber) => context.with(span.context, () => answer.subscribe(subscriber))) : answer;

/** `Films.Get` or `order.placed`, from what Nest has as the pattern. */
function routeOf(pattern: unknown): string {
  if (typeof pattern === 'string') {
    if (!pattern.startsWith('{')) return pattern;
    return routeOf(JSON.parse(pattern));
  }
  if (typeof pattern === 'object' && pattern !== null && 'service' in pattern && 'rpc' in pattern) {
    return `${pattern.service}/${pattern.rpc}`;
  }
  return JSON.stringify(pattern);
}

/** A span of ours where the transport has started none; it may have taken the caller's context off the wire already. */
function ownSpan(route: string, received: unknown): ServerSpan | undefined {
  const active = context.active();
  const current = trace.getSpan(active);
  if (current?.isRecording()) return undefined;
  const isCarried = current !== undefined || Object.keys(currentRequest(active)).length > 0;
  return startServerSpan(carrierOf(received), route, SpanKind.CONSUMER, isCarried ? active : undefined);
}

/** Headers of the delivery that a messaging handler is given as its second argument. */
function carrierOf(received: unknown): Carrier {
  const { delivery } = (received ?? {}) as { delivery?: { headers?: Carrier } };
  return delivery?.headers ?? {};
}

/** A gRPC status where the error has one. */
function statusOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'number' ? String(code) : 'failed';
}
