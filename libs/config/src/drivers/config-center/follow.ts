import type { Snapshot } from '../../config.ts';
import { backOffMs, pause } from './back-off.ts';
import type { StreamEvent } from './event-stream.ts';
import { heartbeatOnWire, releaseOnWire } from './wire.ts';

export interface FollowOptions {
  /** Opens one stream of what came after a version; rejects or ends when the connection does, or the signal aborts. */
  connect(afterVersion: number, signal: AbortSignal): AsyncIterable<StreamEvent>;
  /** The version that the caller has. */
  cursor: number;
  /** Takes a release; the cursor moves on only after it has returned. */
  onRelease(snapshot: Snapshot): void;
  /** Once per outage. */
  onProblem(error: unknown): void;
  /** A stream that is silent for so long is dropped; three heartbeats once the centre has told their distance. */
  silenceMs?: number;
  random?: () => number;
}

const SILENT_HEARTBEATS = 3;

/** Follows the centre's stream until closed: reconnects with jittered back-off, drops silent streams, never goes back. */
export function follow(options: FollowOptions): { close(): void } {
  const closing = new AbortController();
  void run(options, closing.signal);
  return { close: () => closing.abort() };
}

async function run(options: FollowOptions, closed: AbortSignal): Promise<void> {
  let { cursor, silenceMs = 15_000 } = options;
  let attempt = 0;
  let outage = false;

  const take = ({ event, data }: StreamEvent): void => {
    if (event === 'release') {
      const release = releaseOnWire.parse(JSON.parse(data));
      if (release.version > cursor) {
        options.onRelease(release);
        cursor = release.version;
      }
    } else if (event === 'heartbeat') {
      const { version, everyMs } = heartbeatOnWire.parse(JSON.parse(data));
      silenceMs = SILENT_HEARTBEATS * everyMs;
      if (version > cursor) throw new Error(`the stream withheld version ${version}`);
    }
    attempt = 0;
    outage = false;
  };

  while (!closed.aborted) {
    const connection = new AbortController();
    const drop = () => connection.abort(closed.reason);
    closed.addEventListener('abort', drop);
    const events = options.connect(cursor, connection.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await within(silenceMs, events.next(), connection);
        if (next.done || closed.aborted) break;
        take(next.value);
      }
    } catch (error) {
      if (!closed.aborted && !outage) options.onProblem(error);
      outage = true;
    } finally {
      closed.removeEventListener('abort', drop);
      connection.abort();
    }
    await pause(backOffMs(attempt, options.random), closed);
    attempt += 1;
  }
}

/** Waits for `work`, or gives up on it: what it does about the abort is its own matter, nobody waits for that. */
async function within<T>(ms: number, work: Promise<T>, connection: AbortController): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(connection.signal.reason);
  connection.signal.addEventListener('abort', stop);
  const timer = setTimeout(() => connection.abort(new Error(`nothing came for ${ms} ms`)), ms);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    clearTimeout(timer);
    connection.signal.removeEventListener('abort', stop);
  }
}
