import type { RateStore } from './cluster-rate-limiter.ts';
import type { RateLimit } from './gcra.ts';

/** Where it is told that a store went or came back. */
export interface RateStoreLog {
  info(fields: object): void;
  warn(fields: object): void;
}

/** Calls in a row without an answer: one alone may be a slow one. */
const FAILURES = 3;

/** A store that is told of when it goes and when it is back: what counts in it goes on without it, so nobody would notice. */
export class WatchedRateStore implements RateStore {
  readonly #store: RateStore;
  readonly #log: RateStoreLog;
  #failures = 0;

  constructor(store: RateStore, log: RateStoreLog) {
    this.#store = store;
    this.#log = log;
  }

  async take(key: string, limit: RateLimit): Promise<{ allowed: boolean; owedMs: number }> {
    try {
      const taken = await this.#store.take(key, limit);
      if (this.#failures >= FAILURES) this.#log.info({ event: 'rate store is back' });
      this.#failures = 0;
      return taken;
    } catch (error) {
      this.#failures++;
      if (this.#failures === FAILURES)
        this.#log.warn({ event: 'rate store is away: each process gives out its share', reason: reasonOf(error) });
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** What is behind the error that callers get. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
