import { channel } from 'node:diagnostics_channel';

/** What a starting process waits for, and why it is not there yet. */
export interface Waiting {
  for: string;
  reason: string;
}

/**
 * Diagnostics channel on which libraries say what start-up waits for; libs/service passes it on to whoever
 * started the process.
 */
export const WAITING_CHANNEL = 'rookery.waiting';

const waiting = channel(WAITING_CHANNEL);

/** Says on {@link WAITING_CHANNEL} what is waited for. */
export const announceWaiting = (message: Waiting): void => waiting.publish(message);

export interface WaitOptions {
  /** Give up after this, in ms; 60000. */
  waitMs?: number;
  /** Called before each further try; announces on {@link WAITING_CHANNEL} when not given. */
  onWaiting?: (waiting: Waiting) => void;
  signal?: AbortSignal;
}

/** Wait before try `attempt` (2 is the first repetition): 100 ms doubling up to 2 s. */
export const backOffMs = (attempt: number): number => Math.min(2_000, 100 * 2 ** (attempt - 2));

/**
 * Tries `work` until it succeeds, the time is over or the failure is none that waiting mends.
 * @param name what a person would call it: `database`.
 */
export async function waitFor<T>(
  name: string,
  work: () => Promise<T>,
  mends: (error: unknown) => boolean,
  { waitMs = 60_000, onWaiting = announceWaiting, signal }: WaitOptions = {},
  reasonOf: (error: unknown) => string = String,
): Promise<T> {
  const endsAtMs = Date.now() + waitMs;
  for (let attempt = 2; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = backOffMs(attempt);
      if (!mends(error) || signal?.aborted || Date.now() + pauseMs >= endsAtMs) throw error;
      onWaiting({ for: name, reason: reasonOf(error) });
      await pause(pauseMs, signal);
    }
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
