import { currentRequest, RookeryError } from '@rookery/observability';
import type { Clock, Random } from '../clock.ts';
import { pause } from './pause.ts';
import type { RetryBudget } from './retry-budget.ts';

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  attempts: number;
  /** Upper bound of the first wait, in ms; doubles with each retry. 50 when not given. */
  baseMs?: number;
  /** Upper bound of any wait, in ms. 1000 when not given. */
  capMs?: number;
  /** Pays for the retries; share one between all calls to a dependency. */
  budget?: RetryBudget;
  /** Whether another attempt may help; {@link isTransient} when not given. Say false for what must not run twice. */
  retryable?: (error: unknown) => boolean;
}

export interface RetryContext {
  signal?: AbortSignal | undefined;
  random?: Random;
  clock?: Clock;
  /** Epoch ms after which no attempt is started; the current request's deadline when not given. */
  deadlineAtMs?: number | undefined;
}

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether an error is of the passing kind: a lost connection, or 502 / 503 that is not our own refusal. */
export function isTransient(error: unknown): boolean {
  if (error instanceof RookeryError) {
    return (error.status === 502 || error.status === 503) && !['CIRCUIT_OPEN', 'BULKHEAD_FULL'].includes(error.code);
  }
  return error instanceof Error && 'code' in error && CONNECTION_ERRORS.has(String(error.code));
}

/** Full jitter: anywhere between 0 and the bound, which doubles with each retry up to the cap. `retry` counts from 0. */
export const backOffMs = (retry: number, baseMs: number, capMs: number, random: Random): number =>
  random() * Math.min(capMs, baseMs * 2 ** retry);

export interface RetryFacts {
  /** Attempts made so far. */
  made: number;
  attempts: number;
  retryable: boolean;
  /** Chosen by {@link backOffMs}. */
  backOffMs: number;
  /** The dependency asked for at least this wait. */
  retryAfterMs: number;
  /** Time until the caller's deadline. */
  leftMs: number;
}

/** How long to wait before the next attempt; undefined where there shall be none. */
export function nextWaitMs(facts: RetryFacts): number | undefined {
  if (facts.made >= facts.attempts || !facts.retryable) return undefined;
  const waitMs = Math.max(facts.backOffMs, facts.retryAfterMs);
  return waitMs < facts.leftMs ? waitMs : undefined;
}

/** How long to wait after `error` before the next attempt, once `made` were made; undefined where there shall be none. */
export function waitAfter(
  error: unknown,
  made: number,
  { attempts, baseMs = 50, capMs = 1_000, budget, retryable = isTransient }: RetryPolicy,
  { signal, random = Math.random, clock = Date.now, deadlineAtMs = Number.POSITIVE_INFINITY }: RetryContext,
): number | undefined {
  const waitMs = nextWaitMs({
    made,
    attempts,
    retryable: !signal?.aborted && retryable(error),
    backOffMs: backOffMs(made - 1, baseMs, capMs, random),
    retryAfterMs: (error instanceof RookeryError && error.retryAfterMs) || 0,
    leftMs: deadlineAtMs - clock(),
  });
  return waitMs === undefined || (budget && !budget.spend()) ? undefined : waitMs;
}

/**
 * Runs `work` again while it fails in a way that may pass, with jittered back-off, inside the caller's deadline and
 * inside the budget. Rejects with the last error.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  context: RetryContext = {},
): Promise<T> {
  const within = { ...context, deadlineAtMs: context.deadlineAtMs ?? currentRequest().deadlineAtMs };
  policy.budget?.earn();
  for (let made = 1; ; made++) {
    try {
      return await work(made);
    } catch (error) {
      const waitMs = waitAfter(error, made, policy, within);
      if (waitMs === undefined) throw error;
      await pause(waitMs, context.signal);
    }
  }
}
