/** Engine: this process. Other processes do not see it, so it is for one instance. */
import { assertEntry } from '../entry.ts';
import { errors } from '../errors.ts';
import { type Entry, PageCache, type PageCacheLimits } from '../page-cache.ts';

export class MemoryPageCache extends PageCache {
  /** The least recently used first. */
  readonly #held = new Map<string, Entry & { expiresAtMs: number }>();
  #closed = false;

  constructor(
    private readonly limits: PageCacheLimits,
    private readonly now: () => number = Date.now,
  ) {
    super();
  }

  async get(key: string): Promise<Entry | undefined> {
    const held = this.#live(key);
    if (!held) return undefined;
    this.#held.delete(key);
    this.#held.set(key, held);
    return { version: held.version, value: held.value };
  }

  async putIfNewer(key: string, entry: Entry): Promise<boolean> {
    assertEntry(key, entry, this.limits);
    const held = this.#live(key);
    if (held && held.version >= entry.version) return false;
    this.#held.delete(key);
    this.#held.set(key, {
      version: entry.version,
      value: entry.value,
      expiresAtMs: this.now() + this.limits.ttlMs,
    });
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.limits.maxEntries) break;
      this.#held.delete(oldest);
    }
    return true;
  }

  async delete(key: string): Promise<void> {
    this.#assertOpen();
    this.#held.delete(key);
  }

  async ping(): Promise<void> {
    this.#assertOpen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#held.clear();
  }

  #live(key: string) {
    this.#assertOpen();
    const held = this.#held.get(key);
    if (!held || held.expiresAtMs > this.now()) return held;
    this.#held.delete(key);
    return undefined;
  }

  #assertOpen(): void {
    if (this.#closed) throw errors.closed();
  }
}
