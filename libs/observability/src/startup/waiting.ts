import { channel } from 'node:diagnostics_channel';

/** What a part of the process waits for before it can start, and why that is not there yet. */
export interface Waiting {
  /** What is waited for, as a person would call it: `database`, `registry`. */
  for: string;
  reason: string;
}

const waiting = channel('rookery:waiting');

/** Says that start-up waits. libs/service logs it and tells the supervisor, which shows it in the start table. */
export function reportWaiting(what: string, reason: string): void {
  waiting.publish({ for: what, reason } satisfies Waiting);
}

/** Calls `listener` on each report of this process, until the returned function is called. */
export function onWaiting(listener: (report: Waiting) => void): () => void {
  const receive = (message: unknown): void => listener(message as Waiting);
  waiting.subscribe(receive);
  return () => {
    waiting.unsubscribe(receive);
  };
}
