// How long a change takes to reach many watchers, each a client of our driver with connections of its own.
import { setTimeout as pause } from 'node:timers/promises';
import { createRegistry, type Instance, type Lease, type Registry } from '@rookery/discovery';
import { progress } from '../progress.ts';

export interface ToldOrder {
  /** `everyRounds`: takes part in every so many-th round alone, since a change takes seconds there. */
  engines: readonly { name: string; url: string; everyRounds?: number }[];
  service: string;
  watchers: number;
  rounds: number;
}

/** Milliseconds, one for each watcher and round; of an engine that failed, why. */
export type Told = Readonly<Record<string, { registered: number[]; released: number[]; failed?: string }>>;

const START_ENDS_WITHIN_MS = 60_000;
const ROUND_ENDS_WITHIN_MS = 60_000;
/** Of all rounds, for those who wait. */
const PROGRESS_EVERY = 10;
const MAX_TRIES = 10;
/** Between the changes, so that none falls into what the one before it set going. */
const SETTLE_MS = 100;

class Watched {
  readonly registered: number[] = [];
  readonly released: number[] = [];
  failed: string | undefined;
  #seen: (id: string, ids: ReadonlySet<string>) => void = () => {};
  readonly #id = `told-${process.pid}`;

  readonly #service: string;
  readonly #registrar: Registry;
  readonly #watchers: readonly Registry[];

  private constructor(service: string, registrar: Registry, watchers: readonly Registry[]) {
    this.#service = service;
    this.#registrar = registrar;
    this.#watchers = watchers;
  }

  static async create(url: string, service: string, count: number): Promise<Watched> {
    const watchers = await Promise.all(Array.from({ length: count }, () => createRegistry(url)));
    return new Watched(service, await createRegistry(url), watchers);
  }

  /** A failure of one engine is kept, and ends what is done with this one alone. */
  async attempt(work: (watched: this) => Promise<void>): Promise<void> {
    if (this.failed !== undefined) return;
    await work(this).catch((error: unknown) => {
      this.failed = error instanceof Error ? error.message : String(error);
    });
  }

  async start(): Promise<void> {
    const ready = this.#watchers.map((registry) => {
      const watch = registry.watch(this.#service, (instances) => {
        this.#seen(this.#id, new Set(instances.map(({ id }) => id)));
      });
      return watch.ready;
    });
    const over = new AbortController();
    const late = pause(START_ENDS_WITHIN_MS, undefined, { signal: over.signal }).then(() => {
      throw new Error(`the watchers did not begin within ${START_ENDS_WITHIN_MS} ms`);
    });
    await Promise.race([Promise.all(ready), late]).finally(() => over.abort());
  }

  async round(): Promise<void> {
    const service = this.#service;
    const instance = { id: this.#id, service, address: '10.9.9.9', port: 80, weight: 1, metadata: {} };
    const registered = this.#all(this.registered, (id, ids) => ids.has(id));
    const lease = await this.#register(instance);
    await registered;
    await pause(SETTLE_MS);
    const released = this.#all(this.released, (id, ids) => !ids.has(id));
    await lease.release();
    await released;
    await pause(SETTLE_MS);
  }

  /** Tries again where the engine is too busy to answer in time; what that takes is counted. */
  async #register(instance: Instance): Promise<Lease> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#registrar.register(instance);
      } catch (error) {
        if (tries === MAX_TRIES) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#registrar, ...this.#watchers].map((registry) => registry.close()));
  }

  /** Resolves when every watcher has seen it; how long each took goes to `times`. */
  #all(times: number[], seen: (id: string, ids: ReadonlySet<string>) => boolean): Promise<void> {
    const startedAtMs = performance.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let missing = this.#watchers.length;
    const late = setTimeout(() => reject(new Error(`${missing} watchers were not told`)), ROUND_ENDS_WITHIN_MS);
    this.#seen = (id, ids) => {
      if (!seen(id, ids)) return;
      times.push(performance.now() - startedAtMs);
      missing--;
      if (missing === 0) resolve();
    };
    return promise.finally(() => clearTimeout(late));
  }
}

process.on('message', async ({ engines, service, watchers, rounds }: ToldOrder) => {
  const all = new Map<string, Watched>();
  for (const { name, url } of engines) all.set(name, await Watched.create(url, service, watchers));
  for (const watched of all.values()) await watched.attempt((it) => it.start());
  for (const watched of all.values()) await watched.attempt((it) => it.round());
  for (const { registered, released } of all.values()) registered.length = released.length = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % PROGRESS_EVERY === 0) progress(`round ${round + 1} of ${rounds}`);
    for (const { name, everyRounds = 1 } of engines)
      if (round % everyRounds === 0) await all.get(name)?.attempt((it) => it.round());
  }
  process.send?.(
    Object.fromEntries(
      [...all].map(([name, { registered, released, failed }]) => [name, { registered, released, failed }] as const),
    ) satisfies Told,
  );
  for (const watched of all.values()) await watched.close();
});
