import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '@rookery/connections';
import type { Duplex, WatchResponse } from '@rookery/connections/etcd';
import { type EtcdConnection, keysUnder } from '@rookery/connections/etcd';
import type { DiscoveryLog } from '../../log.ts';
import type { Observation } from '../../observation.ts';

const BACK_OFF = { baseMs: 200, capMs: 5_000 };

interface View {
  readonly prefix: string;
  /** What is under the prefix now. */
  readonly entries: Map<string, string>;
  readonly tell: () => void;
  /** On the present stream; undefined before the server was asked. */
  id: string | undefined;
}

interface Session {
  readonly stream: Duplex<object, WatchResponse>;
  readonly signal: AbortSignal;
  readonly fail: (error: unknown) => void;
}

/**
 * All watches of a process on one stream. When it broke, everything is read anew on the next one, so nothing is missed;
 * while the server is away what was known last stays.
 */
export class EtcdWatches {
  readonly #views = new Set<View>();
  #session: Session | undefined;
  #running: AbortController | undefined;
  #lastId = 0;

  constructor(
    private readonly connection: EtcdConnection,
    /** How long the stream may be silent. */
    private readonly waitMs: number,
    private readonly log: DiscoveryLog | undefined,
  ) {}

  /** Tells the observation what `read` makes of the keys and values under the prefix, which ends with a slash. */
  add<T>(prefix: string, read: (entries: ReadonlyMap<string, string>) => T, observation: Observation<T>): View {
    const entries = new Map<string, string>();
    const view: View = { prefix, entries, tell: () => observation.tell(read(entries)), id: undefined };
    this.#views.add(view);
    if (this.#session) void this.#begin(view, this.#session);
    else this.#start();
    return view;
  }

  remove(view: View): void {
    this.#views.delete(view);
    if (view.id !== undefined) this.#session?.stream.write({ cancel_request: { watch_id: view.id } });
    if (this.#views.size === 0) this.close();
  }

  close(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  #start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { server } = this.connection.url;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#follow(signal, () => {
          if (failures > 0) this.log?.info({ server }, 'watch goes on');
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        if (failures === 1) this.log?.warn({ server, error }, 'watch interrupted, the last known instances stay');
        await delay(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** One stream, until it breaks or is silent for too long. */
  async #follow(running: AbortSignal, onMessage: () => void): Promise<void> {
    const { promise, reject: fail } = Promise.withResolvers<never>();
    const ended = new AbortController();
    let heardAtMs = performance.now();
    promise.catch(() => {});
    const stop = (): void => fail(running.reason);
    running.addEventListener('abort', stop);
    const stream = await this.connection.watchStream({
      message: (message) => {
        heardAtMs = performance.now();
        onMessage();
        this.#take(message, fail);
      },
      end: (error) => fail(error ?? new Error('the server ended the stream')),
    });
    const timer = setInterval(() => {
      if (performance.now() - heardAtMs > this.waitMs) {
        fail(new Error(`nothing was heard for ${this.waitMs} ms`));
        this.connection.drop();
      } else stream.write({ progress_request: {} });
    }, this.waitMs / 3);
    try {
      running.throwIfAborted();
      this.#session = { stream, signal: ended.signal, fail };
      for (const view of this.#views) void this.#begin(view, this.#session);
      await promise;
    } finally {
      clearInterval(timer);
      running.removeEventListener('abort', stop);
      ended.abort();
      this.#session = undefined;
      for (const view of this.#views) view.id = undefined;
      stream.cancel();
    }
  }

  /** Reads what is there, and asks for what comes after it. */
  async #begin(view: View, { stream, signal, fail }: Session): Promise<void> {
    try {
      const { header, kvs } = await this.connection.range(view.prefix, 'list the instances', { signal });
      if (signal.aborted || !this.#views.has(view)) return;
      view.entries.clear();
      for (const { key, value } of kvs) view.entries.set(key.toString(), value.toString());
      this.#lastId += 1;
      view.id = String(this.#lastId);
      const from = String(BigInt(header.revision) + 1n);
      stream.write({ create_request: { ...keysUnder(view.prefix), start_revision: from, watch_id: view.id } });
      view.tell();
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  }

  #take({ watch_id, canceled, cancel_reason, events }: WatchResponse, fail: (error: unknown) => void): void {
    const view = [...this.#views].find(({ id }) => id === watch_id);
    if (!view) return;
    // The server no longer keeps what came after the read, or the user may not watch.
    if (canceled) {
      fail(new Error(`the server ended a watch: ${cancel_reason || 'compacted'}`));
      return;
    }
    for (const { type, kv } of events) {
      if (type === 'DELETE') view.entries.delete(kv.key.toString());
      else view.entries.set(kv.key.toString(), kv.value.toString());
    }
    if (events.length > 0) view.tell();
  }
}
