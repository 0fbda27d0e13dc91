import type { InstanceState } from '../home/state-file.ts';

/** What the command tells while it works; one way for terminals, one for pipes, one for scripts. */
export interface Output {
  /** What it does now: `building catalog, orders`. */
  step(text: string): void;
  /** Where each process stands; called after each change until all are ready. */
  progress(services: readonly InstanceState[]): void;
  /** A log line of a process. */
  line(name: string, line: string): void;
  /** Something that a person should know: a restart, a build error. */
  notice(text: string): void;
  /** All are ready. */
  ready(services: readonly InstanceState[], readyInMs: number, examples: readonly string[]): void;
  /** The command ends with this sentence. */
  failure(sentence: string): void;
}

/** Streams that have a listener for their end, and whether they are open. */
const streams = new WeakMap<NodeJS.WriteStream, { open: boolean }>();

/** Writes that outlive their reader: a closed terminal or pipe must not end the command before it has stopped everything. */
export function writer(stream: NodeJS.WriteStream): (text: string) => void {
  const state = streams.get(stream) ?? { open: true };
  if (!streams.has(stream)) {
    streams.set(stream, state);
    stream.on('error', () => {
      state.open = false;
    });
  }
  return (text) => {
    if (state.open) stream.write(text);
  };
}
