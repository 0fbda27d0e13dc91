import { currentRequest, runWithRequest } from '@rookery/observability';
import { CircuitBreaker, type CircuitBreakerOptions } from '../breaker/circuit-breaker.ts';
import { Bulkhead, type BulkheadOptions } from '../bulkhead/bulkhead.ts';
import { deadlineExceeded } from '../errors.ts';
import { type RetryPolicy, retry } from '../retry/retry.ts';
import { RetryBudget } from '../retry/retry-budget.ts';
import { earlierDeadline, timeout } from '../timeout/timeout.ts';

export interface PolicyOptions {
  /** What is called, for errors and state events. */
  name: string;
  /** For the whole call: the wait for a slot, every attempt and the pauses between them. 10000 when not given. */
  timeoutMs?: number;
  /** Attempts and back-off. A budget of its own is made when none is given. No retry when not given. */
  retry?: RetryPolicy & {
    /** For one attempt; bounded by what is left of the whole. */
    tryTimeoutMs?: number;
  };
  bulkhead?: BulkheadOptions | Bulkhead;
  breaker?: CircuitBreakerOptions | CircuitBreaker;
  /** Answers instead when all else failed. */
  fallback?: (error: unknown) => unknown;
}

/** Runs calls through one pipeline. Keep it as long as the dependency lives: it holds breaker, slots and budget. */
export interface Policy {
  <T>(work: (signal: AbortSignal) => Promise<T>, options?: { signal?: AbortSignal }): Promise<T>;
  readonly breaker: CircuitBreaker | undefined;
  readonly bulkhead: Bulkhead | undefined;
  readonly budget: RetryBudget | undefined;
  /** Stops what the pipeline itself started; a breaker that was handed in stays. */
  close(): void;
}

/**
 * Composes what is given, from the outside in: fallback, deadline, bulkhead, retry, breaker, timeout of one attempt.
 * One slot serves a call with all its attempts, a refusal of the bulkhead is not retried, the breaker sees every
 * attempt and also its timeout.
 */
export function policy(options: PolicyOptions): Policy {
  const { name, timeoutMs = 10_000, fallback } = options;
  const { tryTimeoutMs = timeoutMs } = options.retry ?? {};
  const budget = options.retry && (options.retry.budget ?? new RetryBudget());
  const bulkhead =
    options.bulkhead instanceof Bulkhead || !options.bulkhead
      ? options.bulkhead
      : new Bulkhead({ name, ...options.bulkhead });
  const breaker =
    options.breaker instanceof CircuitBreaker || !options.breaker
      ? options.breaker
      : new CircuitBreaker({ name, ...options.breaker });
  const attempts = options.retry && { ...options.retry, budget };

  async function call<T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const nowMs = Date.now();
    const deadlineAtMs = earlierDeadline(nowMs, timeoutMs, currentRequest().deadlineAtMs);
    if (deadlineAtMs <= nowMs) throw deadlineExceeded(name);
    const once = () => timeout(work, Math.min(tryTimeoutMs, deadlineAtMs - Date.now()), { name, signal });
    const guarded = breaker ? () => breaker.run(once) : once;
    const repeated = attempts ? () => retry(guarded, attempts, { signal, deadlineAtMs }) : guarded;
    const admitted = bulkhead ? () => bulkhead.run(repeated, { signal, maxWaitMs: deadlineAtMs - nowMs }) : repeated;
    return runWithRequest({ deadlineAtMs }, admitted);
  }

  const run = async <T>(
    work: (signal: AbortSignal) => Promise<T>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<T> => {
    if (!fallback) return call(work, signal);
    try {
      return await call(work, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      return (await fallback(error)) as T;
    }
  };

  return Object.assign(run, {
    breaker,
    bulkhead,
    budget,
    close: () => {
      if (breaker !== options.breaker) breaker?.close();
    },
  });
}
