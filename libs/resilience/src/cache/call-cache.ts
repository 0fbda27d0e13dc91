import type { Clock } from '../clock.ts';
import { RecentMap } from '../state/recent-map.ts';

export interface CallCacheOptions {
  /** How long an answer is good, in ms. */
  ttlMs: number;
  /** Answers that are kept; of more, the one that was not asked for longest is forgotten. 1000 when not given. */
  maxEntries?: number;
}

interface Kept {
  value: unknown;
  untilMs: number;
}

/** Answers of calls by key, for a time; calls of one key that run at once are one call. Failures are not kept. */
export class CallCache {
  readonly #ttlMs: number;
  readonly #clock: Clock;
  readonly #kept: RecentMap<Kept>;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor({ ttlMs, maxEntries = 1_000 }: CallCacheOptions, clock: Clock = Date.now) {
    this.#ttlMs = ttlMs;
    this.#clock = clock;
    this.#kept = new RecentMap(maxEntries);
  }

  /** The answer that is kept, or that a running call will give, or that `call` gives. */
  async through<T>(key: string, call: () => Promise<T>): Promise<T> {
    const kept = this.#kept.get(key);
    if (kept && this.#clock() < kept.untilMs) return kept.value as T;
    const running = this.#running.get(key);
    if (running) return running as Promise<T>;
    const called = call().finally(() => this.#running.delete(key));
    this.#running.set(key, called);
    const value = await called;
    this.#keep(key, value);
    return value;
  }

  #keep(key: string, value: unknown): void {
    const untilMs = this.#clock() + this.#ttlMs;
    const kept = this.#kept.peek(key);
    if (!kept) {
      this.#kept.add(key, { value, untilMs });
      return;
    }
    kept.value = value;
    kept.untilMs = untilMs;
  }
}
