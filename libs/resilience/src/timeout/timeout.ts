import { currentRequest, runWithRequest } from '@rookery/observability';
import { callTimedOut, deadlineExceeded } from '../errors.ts';

export interface TimeoutOptions {
  /** Who is called, for the error's sentence. */
  name?: string;
  /** Ends the call early; its reason is what the call then fails with. */
  signal?: AbortSignal;
}

/** The earlier of `nowMs + limitMs` and the caller's deadline. */
export const earlierDeadline = (
  nowMs: number,
  limitMs: number,
  callerDeadlineAtMs = Number.POSITIVE_INFINITY,
): number => Math.min(nowMs + limitMs, callerDeadlineAtMs);

/**
 * Runs `work` for at most `limitMs`, less when the current request's deadline is nearer. When time is up the signal
 * aborts and the promise rejects at once with `CALL_TIMEOUT` (504), whether or not `work` listens to the signal.
 * What `work` calls sees the shortened deadline in `currentRequest()`.
 */
export function timeout<T>(
  work: (signal: AbortSignal) => Promise<T>,
  limitMs: number,
  { name = 'The call', signal }: TimeoutOptions = {},
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  const nowMs = Date.now();
  const deadlineAtMs = earlierDeadline(nowMs, limitMs, currentRequest().deadlineAtMs);
  const leftMs = deadlineAtMs - nowMs;
  if (leftMs <= 0) return Promise.reject(deadlineExceeded(name));
  return new Promise<T>((resolve, reject) => {
    const controller = new AbortController();
    const stop = (reason: unknown) => {
      settle();
      controller.abort(reason);
      reject(reason);
    };
    const cancelled = () => stop(signal?.reason);
    const timer = setTimeout(() => stop(callTimedOut(name, leftMs)), leftMs);
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancelled);
    };
    signal?.addEventListener('abort', cancelled, { once: true });
    const fail = (error: unknown) => {
      settle();
      reject(error);
    };
    try {
      runWithRequest({ deadlineAtMs }, () => work(controller.signal)).then((value) => {
        settle();
        resolve(value);
      }, fail);
    } catch (error) {
      fail(error);
    }
  });
}
