/** What is held under a key: text, and the version of the facts it was made from. */
export interface Entry {
  /** Whole number of 0 or more; only ever grows for a key. */
  version: number;
  value: string;
}

/**
 * The page cache port, and the token to inject it by. Drivers: libs/page-cache/src/drivers; each passes
 * testing/contract.ts. Entries may vanish at any time (lifetime, size); one that is there is never followed by an older
 * one. Methods throw RookeryError `PAGE_CACHE_UNREACHABLE` (503) within the deadline when the engine does not answer.
 */
export abstract class PageCache {
  abstract get(key: string): Promise<Entry | undefined>;
  /** Stores the entry when its version is higher than that of the one held; false when it is not. One atomic step. */
  abstract putIfNewer(key: string, entry: Entry): Promise<boolean>;
  /** Forgets the key, its version included: any version may follow. */
  abstract delete(key: string): Promise<void>;
  /** Resolves when the engine answers; for readiness. */
  abstract ping(): Promise<void>;
  abstract close(): Promise<void>;
}

export interface PageCacheLimits {
  /** An entry is forgotten this long after it was put, in ms; 600000. */
  ttlMs: number;
  /** Largest value, in bytes; 1 MiB. */
  maxValueBytes: number;
  /** Most entries held in the process, the least recently used leave first; 20000. In Redis, `maxmemory` bounds. */
  maxEntries: number;
  /** Deadline of one call to the engine, in ms; 500. */
  timeoutMs: number;
}
