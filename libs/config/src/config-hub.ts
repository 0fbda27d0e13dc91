import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '@rookery/observability';
import type { z } from 'zod';
import type { AppliedReport, ConfigSource, Snapshot } from './config.ts';
import { errors } from './errors.ts';
import type { ChangeListener, LiveState } from './live-config.ts';
import { freeze, type Layer, merge } from './merge.ts';
import { readAs } from './read-as.ts';

/** A release that was not put in force. */
export interface Rejection {
  source: string;
  version: number;
  /** Path, expected and received type; never a value. */
  reason: string;
}

export interface HubOptions {
  /** Lowest first. */
  sources: readonly ConfigSource[];
  logger?: Pick<Logger, 'info' | 'warn'>;
  onRejected?: (rejection: Rejection) => void;
}

/** One consumer's part of the settings. */
interface View {
  readonly schema: z.ZodType<unknown>;
  readonly section: string | undefined;
  readonly listeners: Set<ChangeListener<unknown>>;
  value: unknown;
}

type Found = { ok: true; values: Map<View, unknown> } | { ok: false; reason: string };

/** The sources of one process and everything that reads from them: a release is applied to all of it, or to none. */
export class ConfigHub {
  readonly #options: HubOptions;
  readonly #views = new Set<View>();
  readonly #watches: { close(): void }[] = [];
  readonly #reportsAtStart: { source: ConfigSource; report: AppliedReport }[] = [];
  #layers: readonly Layer[];
  #following = false;
  /** Releases are applied one after another. */
  #applying: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: HubOptions, layers: readonly Layer[]) {
    this.#options = options;
    this.#layers = layers;
  }

  /** Loads every source once. */
  static async open(options: HubOptions): Promise<ConfigHub> {
    const loaded = await Promise.allSettled(options.sources.map((source) => source.load()));
    const layers: Layer[] = [];
    for (const [index, source] of options.sources.entries()) {
      const result = loaded[index];
      if (result?.status === 'fulfilled') {
        layers.push({ source, snapshot: result.value });
        if (result.value.fromDisk) {
          options.logger?.warn({ source: source.name, version: result.value.version }, 'settings.started_from_disk');
        }
      } else {
        await Promise.all(options.sources.map((each) => each.close()));
        throw result?.reason;
      }
    }
    return new ConfigHub(options, layers);
  }

  /** Version of the highest-ranking source that pushes. */
  get version(): number {
    return this.#layers.findLast(({ source }) => source.watch)?.snapshot.version ?? 0;
  }

  /**
   * Reads the settings as `schema` wants them and keeps the value up to date. Where a source's release does not fit
   * but the one applied before it does, that one is taken and the newer reported as refused.
   */
  async attach<T>(schema: z.ZodType<T>, section?: string): Promise<LiveState<T>> {
    const view: View = { schema, section, listeners: new Set(), value: undefined };
    const views = [...this.#views, view];
    const found = await read(this.#layers, views);
    this.#commit(found.ok ? found.values : await this.#fallBack(views, found.reason));
    this.#views.add(view);
    const version = () => this.version;
    return {
      get value() {
        return view.value as T;
      },
      get version() {
        return version();
      },
      listeners: view.listeners as LiveState<T>['listeners'],
      close: async () => void this.#views.delete(view),
    };
  }

  /** Starts to follow the sources and reports what is in force; to be called once every view is attached. */
  follow(): void {
    if (this.#following) return;
    this.#following = true;
    for (const [index, { source, snapshot }] of this.#layers.entries()) {
      this.#report(source, { version: snapshot.version, applied: true });
      const watch = source.watch?.(
        (next) => this.#enqueue(index, next),
        ({ code, message }) =>
          this.#options.logger?.warn({ source: source.name, code, reason: message }, 'settings.source_unreadable'),
      );
      if (watch) this.#watches.push(watch);
    }
    for (const { source, report } of this.#reportsAtStart.splice(0)) this.#report(source, report);
  }

  /** Stops following and closes the sources; values stay as they are. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const watch of this.#watches.splice(0)) watch.close();
    await this.#applying;
    await Promise.all(this.#layers.map(({ source }) => source.close()));
  }

  #enqueue(index: number, snapshot: Snapshot): void {
    this.#applying = this.#applying
      .then(() => this.#apply(index, snapshot))
      .catch((error: unknown) => this.#options.logger?.warn({ error }, 'settings.apply_failed'));
  }

  async #apply(index: number, snapshot: Snapshot): Promise<void> {
    const layer = this.#layers[index];
    if (this.#closed || !layer || snapshot.version <= layer.snapshot.version) return;
    const { source } = layer;
    const layers = this.#layers.with(index, { source, snapshot });
    const found = await read(layers, [...this.#views]);
    if (this.#closed) return;
    if (!found.ok) {
      this.#reject(source, snapshot.version, found.reason);
      this.#report(source, { version: snapshot.version, applied: false, reason: found.reason });
      return;
    }
    this.#layers = layers;
    this.#commit(found.values);
    this.#options.logger?.info({ source: source.name, version: snapshot.version }, 'settings.applied');
    this.#report(source, { version: snapshot.version, applied: true });
  }

  /** Looks for a source whose last applied release makes the settings whole again. */
  async #fallBack(views: readonly View[], reason: string): Promise<Map<View, unknown>> {
    for (const [index, { source, snapshot }] of this.#layers.entries()) {
      const last = await source.lastApplied?.();
      if (!last || last.version >= snapshot.version) continue;
      const layers = this.#layers.with(index, { source, snapshot: last });
      const found = await read(layers, views);
      if (!found.ok) continue;
      this.#layers = layers;
      this.#reject(source, snapshot.version, reason);
      this.#reportsAtStart.push({ source, report: { version: snapshot.version, applied: false, reason } });
      return found.values;
    }
    throw errors.invalid(reason, this.#options.sources.map(({ name }) => name).join(', '));
  }

  #commit(values: ReadonlyMap<View, unknown>): void {
    const changed: (() => void)[] = [];
    for (const [view, next] of values) {
      const previous = view.value;
      if (isDeepStrictEqual(previous, next)) continue;
      view.value = freeze(next);
      for (const listener of view.listeners) changed.push(() => listener(next, previous));
    }
    for (const notify of changed) {
      try {
        notify();
      } catch (error) {
        this.#options.logger?.warn({ error }, 'settings.listener_failed');
      }
    }
  }

  #reject(source: ConfigSource, version: number, reason: string): void {
    this.#options.logger?.warn({ source: source.name, version, reason }, 'settings.refused');
    this.#options.onRejected?.({ source: source.name, version, reason });
  }

  #report(source: ConfigSource, report: AppliedReport): void {
    source.report?.(report).catch((error: unknown) => {
      this.#options.logger?.warn({ source: source.name, error }, 'settings.report_failed');
    });
  }
}

async function read(layers: readonly Layer[], views: readonly View[]): Promise<Found> {
  const merged = merge(layers);
  const values = new Map<View, unknown>();
  for (const view of views) {
    const reading = await readAs(view.schema, view.section, merged);
    if (!reading.ok) return reading;
    values.set(view, reading.value);
  }
  return { ok: true, values };
}
