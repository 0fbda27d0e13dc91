import type { ServerResponse } from 'node:http';
import { RookeryError } from '@rookery/observability';

export interface EventChannelOptions {
  everyMs: number;
  /** Those who read at once; 16 when not given. */
  maxReaders?: number;
  /** Ends all streams: a drain need not wait for them. */
  ending: AbortSignal;
  /** What all readers are sent at each tick, in the format of an event stream; asked only while somebody reads. */
  text: () => string | Promise<string>;
  onError: (error: unknown) => void;
}

const MAX_READERS = 16;
/** Ticks that a reader may not keep up with before it is dropped. */
const MAX_MISSED = 30;

/** The same events for several readers, made once a tick. Nothing is kept for a reader that does not keep up. */
export class EventChannel {
  readonly #options: EventChannelOptions;
  /** With the ticks that each has missed in a row. */
  readonly #readers = new Map<ServerResponse, number>();
  /** Those that have not been sent anything yet. */
  readonly #newcomers = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;
  #making = false;

  constructor(options: EventChannelOptions) {
    this.#options = options;
    options.ending.addEventListener('abort', () => {
      for (const reader of this.#readers.keys()) reader.end();
    });
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Sends the events until the reader leaves or {@link EventChannelOptions.ending}. Throws where there is no room. */
  join(response: ServerResponse): void {
    const { maxReaders = MAX_READERS, everyMs, ending } = this.#options;
    if (ending.aborted || this.#readers.size >= maxReaders) {
      const sentence = `${maxReaders} streams are read already, or the process is on its way down: come again later.`;
      throw new RookeryError('STREAMS_FULL', sentence, { status: 503, retryAfterMs: 5_000 });
    }
    response.writeHead(200, EVENT_STREAM);
    response.flushHeaders();
    this.#readers.set(response, 0);
    response.once('close', () => this.#left(response));
    this.#newcomers.add(response);
    this.#timer ??= setInterval(() => void this.#tick(this.#readers), everyMs).unref();
    void this.#tick(this.#newcomers);
  }

  #left(response: ServerResponse): void {
    this.#readers.delete(response);
    this.#newcomers.delete(response);
    if (this.#readers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #tick(readers: ReadonlyMap<ServerResponse, unknown> | ReadonlySet<ServerResponse>): Promise<void> {
    if (this.#making) return;
    this.#making = true;
    try {
      const text = await this.#options.text();
      // Whoever has come meanwhile is among them.
      for (const reader of new Set([...readers.keys(), ...this.#newcomers])) this.#send(reader, text);
      this.#newcomers.clear();
    } catch (error) {
      this.#options.onError(error);
      for (const reader of [...readers.keys()]) reader.destroy();
    } finally {
      this.#making = false;
    }
  }

  #send(reader: ServerResponse, text: string): void {
    const missed = this.#readers.get(reader);
    if (missed === undefined || reader.writableEnded) return;
    if (!reader.writableNeedDrain) {
      reader.write(text);
      this.#readers.set(reader, 0);
    } else if (missed < MAX_MISSED) this.#readers.set(reader, missed + 1);
    else reader.destroy();
  }
}

/** No proxy may keep it or wait for more of it. */
export const EVENT_STREAM = {
  'content-type': 'text/event-stream;charset=UTF-8',
  'cache-control': 'no-cache, no-store',
  'x-accel-buffering': 'no',
} as const;
