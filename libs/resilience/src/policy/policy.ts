import { currentRequest } from '@rookery/observability';
import { CircuitBreaker, type CircuitBreakerOptions } from '../breaker/circuit-breaker.ts';
import { Bulkhead, type BulkheadOptions } from '../bulkhead/bulkhead.ts';
import { CallCache, type CallCacheOptions } from '../cache/call-cache.ts';
import { deadlineExceeded } from '../errors.ts';
import { endingOf } from '../resource/ending.ts';
import type { CallOptions, Entered, Resources } from '../resource/resources.ts';
import { pause } from '../retry/pause.ts';
import { type RetryPolicy, waitAfter } from '../retry/retry.ts';
import { RetryBudget } from '../retry/retry-budget.ts';
import { earlierDeadline, runUntil, type Work } from '../timeout/timeout.ts';

export interface PolicyOptions {
  /** What is called, for errors and state events. */
  name: string;
  /** For the whole call: the wait for a slot, every attempt and the pauses between them. 10000 when not given. */
  timeoutMs?: number;
  /** The rules before the call, and where it is counted; under the policy's name when no `resource` is given. */
  rules?: { resources: Resources; resource?: string };
  /** Attempts and back-off. A budget of its own is made when none is given. No retry when not given. */
  retry?: RetryPolicy & {
    /** For one attempt; bounded by what is left of the whole. */
    tryTimeoutMs?: number;
  };
  bulkhead?: BulkheadOptions | Bulkhead;
  breaker?: CircuitBreakerOptions | CircuitBreaker;
  /** Keeps answers of calls that name a `cacheKey`. */
  cache?: CallCacheOptions | CallCache;
  /** Answers instead when all else failed. */
  fallback?: (error: unknown) => unknown;
}

/** What one call brings along: what rules look at, and what else only this call knows. */
export interface PolicyCall extends Omit<CallOptions, 'inbound'> {
  /** Its answer may be that of another call of the same key. */
  cacheKey?: string;
}

/** Runs calls through one pipeline. Keep it as long as the dependency lives: it holds breaker, slots and budget. */
export interface Policy {
  <T>(work: Work<T>, call?: PolicyCall): Promise<T>;
  readonly breaker: CircuitBreaker | undefined;
  readonly bulkhead: Bulkhead | undefined;
  readonly budget: RetryBudget | undefined;
  /** Stops what the pipeline itself started; a breaker that was handed in stays. */
  close(): void;
}

const NOTHING: PolicyCall = Object.freeze({});

/**
 * Composes what is given, from the outside in: fallback, cache, deadline, rules, bulkhead, retry, breaker, timeout of one
 * attempt. One slot serves a call with all its attempts, a refusal of rules or bulkhead is not retried, the breaker sees
 * every attempt and also its timeout.
 */
export function policy(options: PolicyOptions): Policy {
  const { name, timeoutMs = 10_000, fallback } = options;
  const { tryTimeoutMs = timeoutMs } = options.retry ?? {};
  const resources = options.rules?.resources;
  const resource = options.rules?.resource ?? name;
  const budget = options.retry && (options.retry.budget ?? new RetryBudget());
  const attempts = options.retry && { ...options.retry, ...(budget && { budget }) };
  const bulkhead =
    options.bulkhead instanceof Bulkhead || !options.bulkhead
      ? options.bulkhead
      : new Bulkhead({ name, ...options.bulkhead });
  const breaker =
    options.breaker instanceof CircuitBreaker || !options.breaker
      ? options.breaker
      : ownBreaker(name, options.breaker, resources, resource);
  const cache = options.cache instanceof CallCache || !options.cache ? options.cache : new CallCache(options.cache);
  const unwatch = breaker && resources?.watch(resource, name, breaker);

  /** One function and not a chain of them: each link would cost a promise. */
  async function perform<T>(work: Work<T>, call: PolicyCall): Promise<T> {
    const { signal } = call;
    let nowMs = Date.now();
    const deadlineAtMs = earlierDeadline(nowMs, timeoutMs, currentRequest().deadlineAtMs);
    if (deadlineAtMs <= nowMs) throw deadlineExceeded(name);
    if (signal?.aborted) throw signal.reason;
    let entered: Entered | undefined;
    if (resources) {
      const entering = resources.enter(resource, call, nowMs);
      entered = entering instanceof Promise ? await entering : entering;
    }
    let hasSlot = false;
    try {
      if (bulkhead) {
        if (!bulkhead.tryEnter()) {
          await bulkhead.enter({ signal, maxWaitMs: deadlineAtMs - nowMs });
          nowMs = Date.now();
        }
        hasSlot = true;
      }
      // What an open breaker refuses is no load on the dependency, and pays for no retry.
      if (!breaker || breaker.isClosed) budget?.earn();
      for (let made = 1; ; made++) {
        const untilMs = Math.min(deadlineAtMs, nowMs + tryTimeoutMs);
        const isClosed = breaker?.isClosed === true;
        try {
          const attempt = { name, signal };
          const value =
            breaker && !isClosed
              ? await breaker.run(() => runUntil(work, untilMs, nowMs, attempt))
              : await runUntil(work, untilMs, nowMs, attempt);
          if (isClosed || entered) {
            const endMs = Date.now();
            if (isClosed) breaker?.succeeded(nowMs, endMs);
            entered?.end('succeeded', endMs);
          }
          return value;
        } catch (error) {
          if (isClosed) breaker?.failed(error, nowMs, Date.now());
          const waitMs = attempts && waitAfter(error, made, attempts, { signal, deadlineAtMs });
          if (waitMs === undefined) throw error;
          await pause(waitMs, signal);
          nowMs = Date.now();
        }
      }
    } catch (error) {
      entered?.end(signal?.aborted ? 'left' : endingOf(error), Date.now());
      throw error;
    } finally {
      if (hasSlot) bulkhead?.leave();
    }
  }

  const cached = <T>(work: Work<T>, call: PolicyCall): Promise<T> =>
    cache && call.cacheKey !== undefined
      ? cache.through(call.cacheKey, () => perform(work, call))
      : perform(work, call);

  const withFallback = async <T>(work: Work<T>, call: PolicyCall, instead: (error: unknown) => unknown): Promise<T> => {
    try {
      return await cached(work, call);
    } catch (error) {
      if (call.signal?.aborted) throw error;
      return (await instead(error)) as T;
    }
  };

  const run = <T>(work: Work<T>, call: PolicyCall = NOTHING): Promise<T> =>
    fallback ? withFallback(work, call, fallback) : cached(work, call);

  return Object.assign(run, {
    breaker,
    bulkhead,
    budget,
    close: () => {
      unwatch?.();
      if (breaker !== options.breaker) breaker?.close();
    },
  });
}

/** A breaker whose changes stand with those of the resource. */
function ownBreaker(name: string, options: CircuitBreakerOptions, resources: Resources | undefined, resource: string) {
  return new CircuitBreaker({
    name,
    ...options,
    onState: (state, of) => {
      resources?.circuitChanged(resource, of, state);
      options.onState?.(state, of);
    },
  });
}
