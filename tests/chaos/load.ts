import { setTimeout as pause } from 'node:timers/promises';

export interface LoadResult {
  sent: number;
  failures: string[];
}

/** A steady load: `perSecond` requests start each second whether or not earlier ones have been answered. */
export class SteadyLoad {
  readonly #pending = new Set<Promise<void>>();
  readonly #result: LoadResult = { sent: 0, failures: [] };
  readonly #request: () => Promise<string | undefined>;
  readonly #perSecond: number;
  #running = true;
  readonly #loop: Promise<void>;

  /** @param request resolves to why it failed, or to undefined. */
  constructor(perSecond: number, request: () => Promise<string | undefined>) {
    this.#perSecond = perSecond;
    this.#request = request;
    this.#loop = this.#run();
  }

  get sent(): number {
    return this.#result.sent;
  }

  /** Resolves once `count` more requests have been sent. */
  async more(count: number): Promise<void> {
    const target = this.#result.sent + count;
    while (this.#result.sent < target) await pause(5);
  }

  /** Sends nothing more, waits for every answer. */
  async stop(): Promise<LoadResult> {
    this.#running = false;
    await this.#loop;
    await Promise.all(this.#pending);
    return this.#result;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      this.#result.sent += 1;
      const one = this.#request()
        .catch((error: Error) => `${error.message}: ${String(error.cause ?? '')}`)
        .then((failure) => {
          if (failure !== undefined) this.#result.failures.push(failure);
        });
      this.#pending.add(one);
      void one.finally(() => this.#pending.delete(one));
      await pause(1_000 / this.#perSecond);
    }
  }
}
