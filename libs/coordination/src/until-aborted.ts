/** Waits for the promise, and no longer than until the signal aborts: then throws its reason. */
export async function untilAborted<T>(waiting: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  waiting.catch(() => {});
  signal.addEventListener('abort', abort);
  try {
    signal.throwIfAborted();
    return await Promise.race([waiting, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
