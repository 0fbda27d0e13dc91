import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type BackOff, backOffMs } from '@rookery/connections';
import { discoveryErrors } from '../../errors.ts';
import type { DiscoveryLog } from '../../log.ts';
import type { EndpointSlice } from './endpoint-slices.ts';
import { type KubernetesConnection, saysGone, type WatchEvent } from './kubernetes-connection.ts';

const BACK_OFF: BackOff = { baseMs: 200, capMs: 5_000 };
/** A watch without events that ends sooner than this did not watch. */
const TOO_SOON_MS = 100;

export interface SliceCacheOptions {
  connection: KubernetesConnection;
  server: string;
  selector: string;
  log: DiscoveryLog | undefined;
}

interface View {
  refresh(): void;
  readonly settle: () => void;
}

/**
 * The namespace's EndpointSlices, kept by one LIST and the WATCH after it, for as long as somebody looks. While the API
 * server is away what was known last stays; a watch that broke goes on from the version it had, and only when the server no
 * longer keeps that (410 Gone) everything is listed anew.
 */
export class SliceCache {
  readonly #options: SliceCacheOptions;
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #views = new Set<View>();
  /** Undefined before the first LIST, and after what was known became too old to go on from. */
  #resourceVersion: string | undefined;
  #known = false;
  #running: AbortController | undefined;

  constructor(options: SliceCacheOptions) {
    this.#options = options;
  }

  /** What `read` makes of the slices, told to the listener at first and after each change of it. */
  view<T>(read: (slices: Iterable<EndpointSlice>) => T, listener: (value: T) => void) {
    const { promise: ready, resolve: settle } = Promise.withResolvers<void>();
    let current = read([]);
    let told = false;
    const view: View = {
      settle,
      refresh: () => {
        if (!this.#views.has(view)) return;
        const value = read(this.#slices.values());
        if (told && isDeepStrictEqual(value, current)) return;
        [current, told] = [value, true];
        try {
          listener(value);
        } catch (error) {
          this.#options.log?.warn({ error }, 'watch listener failed');
        }
      },
    };
    this.#views.add(view);
    if (this.#known) queueMicrotask(() => this.#refresh([view]));
    this.#start();
    return {
      ready,
      get current() {
        return current;
      },
      close: () => {
        this.#views.delete(view);
        settle();
        if (this.#views.size === 0) this.#stop();
      },
    };
  }

  close(): void {
    for (const { settle } of this.#views) settle();
    this.#views.clear();
    this.#stop();
  }

  #start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  /** Nobody looks: what is known grows old, so that the next view begins with a LIST. */
  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#known = false;
    this.#resourceVersion = undefined;
    this.#slices.clear();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log, server } = this.#options;
    let failures = 0;
    /** Times in a row that the server no longer kept the version of its own list. */
    let gone = 0;
    const onOpen = (): void => {
      if (failures > 0) log?.info({ server }, 'watch goes on');
      failures = 0;
    };
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      try {
        const events = await this.#follow(onOpen, signal);
        gone = 0;
        if (events === 0 && performance.now() - startedAtMs < TOO_SOON_MS) await pause(1, signal);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        gone = saysGone(error) ? gone + 1 : 0;
        if (gone > 0) this.#resourceVersion = undefined;
        else if (failures === 1) log?.warn({ server, error }, 'watch interrupted, the last known instances stay');
        await pause(Math.max(failures, gone), signal);
      }
    }
  }

  /** One LIST where nothing is known, and one WATCH; answers how many events came. */
  async #follow(onOpen: () => void, signal: AbortSignal): Promise<number> {
    const { connection, selector } = this.#options;
    if (this.#resourceVersion === undefined) {
      const { items, metadata } = await connection.list('list the instances', selector, signal);
      signal.throwIfAborted();
      this.#replace(items, metadata.resourceVersion);
    }
    let events = 0;
    const onEvent = (event: WatchEvent): void => {
      if (signal.aborted) return;
      events++;
      this.#take(event);
    };
    await connection.watch({ selector, resourceVersion: this.#resourceVersion ?? '', onOpen, onEvent, signal });
    return events;
  }

  #replace(items: EndpointSlice[], resourceVersion: string): void {
    this.#slices.clear();
    for (const slice of items) this.#slices.set(slice.metadata.name, slice);
    this.#resourceVersion = resourceVersion;
    this.#known = true;
    this.#refresh(this.#views);
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const { code, message = 'the watch was ended' } = object;
      const error = discoveryErrors.refused(this.#options.server, 'watch the instances', `${code} ${message}`);
      throw Object.assign(error, { kubernetesStatus: code });
    }
    this.#resourceVersion = object.metadata.resourceVersion ?? this.#resourceVersion;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.#slices.delete(object.metadata.name);
    else this.#slices.set(object.metadata.name, object);
    this.#refresh(this.#views);
  }

  #refresh(views: Iterable<View>): void {
    for (const view of [...views]) {
      view.refresh();
      view.settle();
    }
  }
}

const pause = (failures: number, signal: AbortSignal): Promise<void> =>
  delay(backOffMs(failures, BACK_OFF), undefined, { signal }).catch(() => {});
