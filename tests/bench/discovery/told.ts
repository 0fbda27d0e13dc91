// How long a change takes to reach many watchers, each a client of our driver with connections of its own.
import { setTimeout as pause } from 'node:timers/promises';
import { createRegistry, type Instance, type Lease, type Registry } from '@rookery/discovery';

export interface ToldOrder {
  engines: readonly { name: string; url: string }[];
  service: string;
  watchers: number;
  rounds: number;
}

/** Milliseconds, one for each watcher and round. */
export type Told = Readonly<Record<string, { registered: number[]; released: number[] }>>;

const ROUND_ENDS_WITHIN_MS = 30_000;
const MAX_TRIES = 10;
/** Between the changes, so that none falls into what the one before it set going. */
const SETTLE_MS = 100;

class Watched {
  readonly registered: number[] = [];
  readonly released: number[] = [];
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

  static async start(url: string, service: string, count: number): Promise<Watched> {
    const watchers = await Promise.all(Array.from({ length: count }, () => createRegistry(url)));
    const watched = new Watched(service, await createRegistry(url), watchers);
    await Promise.all(
      watchers.map((registry) => {
        const watch = registry.watch(service, (instances) => {
          watched.#seen(watched.#id, new Set(instances.map(({ id }) => id)));
        });
        return watch.ready;
      }),
    );
    return watched;
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
  for (const { name, url } of engines) all.set(name, await Watched.start(url, service, watchers));
  for (const watched of all.values()) await watched.round();
  for (const { registered, released } of all.values()) registered.length = released.length = 0;
  for (let round = 0; round < rounds; round++) for (const watched of all.values()) await watched.round();
  process.send?.(
    Object.fromEntries([...all].map(([name, { registered, released }]) => [name, { registered, released }])),
  );
  for (const watched of all.values()) await watched.close();
});
