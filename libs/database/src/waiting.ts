import { reportWaiting } from '@rookery/observability';

export interface WaitOptions {
  /** Give up after this, in ms; 60000. */
  waitMs?: number;
  /** Called with why, before each further try; `reportWaiting` of observability when not given. */
  onWaiting?: (what: string, reason: string) => void;
  signal?: AbortSignal;
}

export interface Waited {
  /** What is waited for, as a person would call it: `database`. */
  what: string;
  /** Whether waiting can mend this failure. */
  mends: (error: unknown) => boolean;
  /** One line that says why, without secrets. */
  reasonOf: (error: unknown) => string;
}

/** Wait before try `attempt` (2 is the first repetition): 100 ms doubling up to 2 s. */
export const backOffMs = (attempt: number): number => Math.min(2_000, 100 * 2 ** (attempt - 2));

/** Tries `work` until it succeeds, the time is over or the failure is none that waiting mends. */
export async function waitFor<T>(
  work: () => Promise<T>,
  { what, mends, reasonOf }: Waited,
  { waitMs = 60_000, onWaiting = reportWaiting, signal }: WaitOptions = {},
): Promise<T> {
  const endsAtMs = Date.now() + waitMs;
  for (let attempt = 2; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = backOffMs(attempt);
      if (!mends(error) || signal?.aborted || Date.now() + pauseMs >= endsAtMs) throw error;
      onWaiting(what, reasonOf(error));
      await pause(pauseMs, signal);
    }
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const end = () => resolve();
  signal?.addEventListener('abort', end, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  });
}
