/** npm passes a Ctrl-C on to the command, which has had it from the terminal already: two within this time are one. */
const ECHO_MS = 500;

export interface StopSignals {
  /** Aborted by the first Ctrl-C, SIGTERM, closed terminal or dead parent. */
  readonly signal: AbortSignal;
  dispose(): void;
}

/** Listens for the wish to stop; `onSecond` is called when the user will not wait for a graceful one. */
export function stopSignals(onSecond: () => void): StopSignals {
  const controller = new AbortController();
  let firstAtMs = 0;
  const ask = (name: string) => {
    if (!controller.signal.aborted) {
      firstAtMs = Date.now();
      controller.abort(name);
    } else if (name === 'SIGINT' && Date.now() - firstAtMs > ECHO_MS) {
      onSecond();
    }
  };
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const).map(
    (name) => [name, () => ask(name)] as const,
  );
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}
