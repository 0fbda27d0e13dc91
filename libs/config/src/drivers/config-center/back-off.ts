/** Wait before try `attempt` (0 is the first repetition): doubles from `baseMs` to `capMs`, with full jitter. */
export function backOffMs(attempt: number, random: () => number = Math.random, baseMs = 100, capMs = 5_000): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** Waits, or stops waiting early when the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener('abort', wake);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener('abort', wake);
}
