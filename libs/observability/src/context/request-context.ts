import { type Context, context, createContextKey, trace } from '@opentelemetry/api';

/**
 * Who a request is made for. Set by a verified token, or by the message that was published for its bearer; never by a
 * header a client could write.
 */
export interface Principal {
  subject: string;
  /** The program that the token was given to; its own subject where it acts for itself. */
  client?: string;
  roles: readonly string[];
  permissions: readonly string[];
}

/** What a request carries besides its trace, on every transport. */
export interface RequestContext {
  /** Epoch ms after which nobody waits for the answer. */
  deadlineAtMs?: number;
  /** Traffic lane, for grey releases; undefined is the base lane. */
  lane?: string;
  principal?: Principal;
  /** The resource by which the request came into this process: `http:GET /orders`. Never leaves it. */
  entrance?: string;
  /** The verified token that the principal came with; only calls to other services carry it on, messages never do. */
  accessToken?: string;
}

const KEY = createContextKey('rookery.request');
const EMPTY: RequestContext = Object.freeze({});

/** What the current request carries; empty outside of a request. */
export function currentRequest(active: Context = context.active()): RequestContext {
  return (active.getValue(KEY) as RequestContext | undefined) ?? EMPTY;
}

/** A context that carries `request`, on top of `active`. */
export function withRequest(request: RequestContext, active: Context = context.active()): Context {
  return active.setValue(KEY, request);
}

/** Runs `work` with `changes` laid over what the current request carries. */
export function runWithRequest<T>(changes: RequestContext, work: () => T): T {
  return context.with(withRequest({ ...currentRequest(), ...changes }), work);
}

/** Milliseconds left until the current deadline, or `otherwise` where there is none. Never below 0. */
export function remainingMs(otherwise: number, nowMs: number = Date.now()): number {
  const { deadlineAtMs } = currentRequest();
  return deadlineAtMs === undefined ? otherwise : Math.max(0, Math.min(otherwise, deadlineAtMs - nowMs));
}

/** Trace id of the current request, 32 hex digits; undefined outside of one. */
export function currentTraceId(): string | undefined {
  return trace.getSpanContext(context.active())?.traceId;
}
