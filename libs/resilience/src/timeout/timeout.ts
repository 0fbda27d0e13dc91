import { currentRequest, runWithRequest } from '@rookery/observability';
import { callTimedOut, deadlineExceeded } from '../errors.ts';

export interface TimeoutOptions {
  /** Who is called, for the error's sentence. */
  name?: string;
  /** Ends the call early; its reason is what the call then fails with. */
  signal?: AbortSignal | undefined;
}

/** What is called. A function that declares no parameter is given no signal, since one costs as much as all else here. */
export type Work<T> = (signal: AbortSignal) => Promise<T>;

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
  work: Work<T>,
  limitMs: number,
  { name = 'The call', signal }: TimeoutOptions = {},
): Promise<T> {
  const nowMs = Date.now();
  return runUntil(
    work,
    earlierDeadline(nowMs, limitMs, currentRequest().deadlineAtMs),
    nowMs,
    signal ? { name, signal } : { name },
  );
}

/** The same for who has looked at the clock and at the caller's deadline. */
export function runUntil<T>(
  work: Work<T>,
  deadlineAtMs: number,
  nowMs: number,
  { name = 'The call', signal }: TimeoutOptions,
): Promise<T> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  if (deadlineAtMs <= nowMs) return Promise.reject(deadlineExceeded(name));
  return new Promise<T>((resolve, reject) => {
    new TimedCall(work, deadlineAtMs, nowMs, name, signal, resolve, reject).start();
  });
}

/** A call that runs against the clock; an object, because closures for each of its ends cost more. */
class TimedCall<T> {
  readonly #controller: AbortController | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #cancelled: (() => void) | undefined;

  constructor(
    readonly work: Work<T>,
    readonly deadlineAtMs: number,
    readonly nowMs: number,
    readonly name: string,
    readonly signal: AbortSignal | undefined,
    readonly resolve: (value: T) => void,
    readonly reject: (reason: unknown) => void,
  ) {
    this.#controller = work.length > 0 ? new AbortController() : undefined;
    this.#timer = setTimeout(outOfTime, deadlineAtMs - nowMs, this);
    if (!signal) return;
    this.#cancelled = () => this.stop(signal.reason);
    signal.addEventListener('abort', this.#cancelled, { once: true });
  }

  start(): void {
    try {
      runWithRequest({ deadlineAtMs: this.deadlineAtMs }, () =>
        this.work(this.#controller?.signal as AbortSignal),
      ).then(
        (value) => {
          this.#settle();
          this.resolve(value);
        },
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  expire(): void {
    this.stop(callTimedOut(this.name, this.deadlineAtMs - this.nowMs));
  }

  stop(reason: unknown): void {
    this.#settle();
    this.#controller?.abort(reason);
    this.reject(reason);
  }

  #fail(error: unknown): void {
    this.#settle();
    this.reject(error);
  }

  #settle(): void {
    clearTimeout(this.#timer);
    if (this.#cancelled) this.signal?.removeEventListener('abort', this.#cancelled);
  }
}

const outOfTime = (call: { expire(): void }): void => call.expire();
