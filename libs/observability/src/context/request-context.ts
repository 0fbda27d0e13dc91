import { type Context, type ContextManager, context, createContextKey, trace } from '@opentelemetry/api';

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

/** What carries the contexts here; the way through the API asks on each call whether it is of a version that fits. */
let carrier: Pick<ContextManager, 'active' | 'with'> | undefined;

/** To be called once, by who has installed it in the API too. */
export function carryBy(manager: Pick<ContextManager, 'active' | 'with'>): void {
  carrier = manager;
}

/** The API knows who carries, where it is not ours. */
const activeContext = (): Context => (carrier ?? context).active();

/** What the current request carries; empty outside of a request. */
export function currentRequest(active: Context = activeContext()): RequestContext {
  return (active.getValue(KEY) as RequestContext | undefined) ?? EMPTY;
}

/**
 * What a request carries, on top of a context. The contexts of the API copy all values for each that is set, and have their
 * methods anew in each, which costs more than all else that a call through a policy does.
 */
class RequestLayer implements Context {
  readonly #below: Context;
  readonly #changes: RequestContext;
  #request: RequestContext | undefined;

  constructor(below: Context, changes: RequestContext) {
    this.#below = below;
    this.#changes = changes;
  }

  getValue(key: symbol): unknown {
    return key === KEY ? this.#merged() : this.#below.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === KEY) return this.#below.setValue(key, value);
    return new RequestLayer(this.#below.setValue(key, value), this.#changes);
  }

  deleteValue(key: symbol): Context {
    return key === KEY ? this.#below.deleteValue(key) : new RequestLayer(this.#below.deleteValue(key), this.#changes);
  }

  /** Laid together when somebody looks: most calls change a deadline that nobody reads. */
  #merged(): RequestContext {
    this.#request ??= { ...currentRequest(this.#below), ...this.#changes };
    return this.#request;
  }
}

/** A context that carries `request`, on top of `active`. */
export function withRequest(request: RequestContext, active: Context = activeContext()): Context {
  return active.setValue(KEY, request);
}

/** Runs `work` with `changes` laid over what the current request carries. */
export function runWithRequest<T>(changes: RequestContext, work: () => T): T {
  return (carrier ?? context).with(new RequestLayer(activeContext(), changes), work);
}

/** Milliseconds left until the current deadline, or `otherwise` where there is none. Never below 0. */
export function remainingMs(otherwise: number, nowMs: number = Date.now()): number {
  const { deadlineAtMs } = currentRequest();
  return deadlineAtMs === undefined ? otherwise : Math.max(0, Math.min(otherwise, deadlineAtMs - nowMs));
}

/** Trace id of the current request, 32 hex digits; undefined outside of one. */
export function currentTraceId(): string | undefined {
  return trace.getSpanContext(activeContext())?.traceId;
}
