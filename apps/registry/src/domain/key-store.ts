import type { ChangeIndex } from './change-index.ts';
import type { MarkChanged } from './changed-records.ts';
import { Refusal } from './refusal.ts';

export interface KeyEntry {
  key: string;
  /** base64 */
  value: string;
  flags: number;
  /** Session that holds the lock. */
  session?: string;
  /** How often the lock was taken. */
  lockIndex: number;
  createIndex: number;
  modifyIndex: number;
}

export interface PutOptions {
  flags?: number;
  /** Puts only when the entry's ModifyIndex is this; 0: only when there is none. */
  cas?: number;
  /** Takes the lock for this session. */
  acquire?: string;
  /** Gives the lock of this session back. */
  release?: string;
}

export interface KeyStoreOptions {
  now: () => number;
  mark: MarkChanged;
  sessionExists: (id: string) => boolean;
  maxBytes?: number;
}

const MAX_KEYS = 100_000;
/** Keys and values together, as they are held. */
const MAX_BYTES = 256 * 1024 * 1024;
export const keyTopic = (key: string): string => `kv:${key}`;

/** Keys and values with check-and-set and advisory locks. */
export class KeyStore {
  readonly #entries = new Map<string, KeyEntry>();
  readonly #lockableFromMs = new Map<string, number>();
  readonly #options: KeyStoreOptions;
  #bytes = 0;

  constructor(
    private readonly changes: ChangeIndex,
    options: KeyStoreOptions,
  ) {
    this.#options = options;
  }

  get(key: string): KeyEntry | undefined {
    return this.#entries.get(key);
  }

  /** Entries whose key begins so, by key. */
  under(prefix: string): KeyEntry[] {
    return [...this.#entries.values()]
      .filter(({ key }) => key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** Keys that begin so; with a separator, cut off after its first place behind the prefix. */
  keys(prefix: string, separator = ''): string[] {
    const keys = this.under(prefix).map(({ key }) => {
      const cut = separator === '' ? -1 : key.indexOf(separator, prefix.length);
      return cut < 0 ? key : key.slice(0, cut + separator.length);
    });
    return [...new Set(keys)];
  }

  /** Answers whether it was done: check-and-set and locks can say no. */
  put(key: string, value: Buffer, { flags, cas, acquire, release }: PutOptions = {}): boolean {
    const known = this.#entries.get(key);
    if (cas !== undefined && cas !== (known?.modifyIndex ?? 0)) return false;
    if (!known && this.#entries.size >= MAX_KEYS) throw new Refusal(500, `more than ${MAX_KEYS} keys`);
    const lock = this.#lock(key, known, acquire, release);
    if (!lock) return false;
    const text = value.toString('base64');
    this.#assertRoom(bytesOf({ key, value: text }) - (known ? bytesOf(known) : 0));
    const next = { value: text, flags: flags ?? known?.flags ?? 0, ...lock };
    const same = known && known.value === text && known.flags === next.flags;
    if (same && known.session === lock.session && known.lockIndex === lock.lockIndex) return true;
    const index = this.changes.next;
    this.#set({ key, ...next, createIndex: known?.createIndex ?? index, modifyIndex: index });
    this.changes.touch(keyTopic(key));
    return true;
  }

  /** Answers false only when `cas` is given and not the entry's ModifyIndex. */
  delete(key: string, cas?: number): boolean {
    const known = this.#entries.get(key);
    if (cas !== undefined && known && known.modifyIndex !== cas) return false;
    if (known) {
      this.#delete(key);
      this.changes.touch(keyTopic(key));
    }
    return true;
  }

  deleteUnder(prefix: string): void {
    const keys = this.under(prefix).map(({ key }) => key);
    for (const key of keys) this.#delete(key);
    if (keys.length > 0) this.changes.touch(...keys.map(keyTopic));
  }

  /** Takes the locks of a session that has ended away; nobody gets them before the delay is over. */
  endSession(id: string, behavior: 'release' | 'delete', lockDelayMs: number): void {
    this.#forgetPastDelays();
    for (const entry of [...this.#entries.values()].filter(({ session }) => session === id)) {
      const { key, session: _session, ...rest } = entry;
      if (behavior === 'delete') this.#delete(key);
      else this.#set({ key, ...rest, modifyIndex: this.changes.next });
      if (lockDelayMs > 0) this.#lockableFromMs.set(key, this.#options.now() + lockDelayMs);
      this.changes.touch(keyTopic(key));
    }
  }

  save(): KeyEntry[] {
    return [...this.#entries.values()];
  }

  restore(entries: KeyEntry[]): void {
    for (const entry of entries) this.#hold(entry);
  }

  #set(entry: KeyEntry): void {
    this.#hold(entry);
    this.#options.mark('keys', entry.key);
  }

  #hold(entry: KeyEntry): void {
    this.#forget(entry.key);
    this.#entries.set(entry.key, entry);
    this.#bytes += bytesOf(entry);
  }

  #forget(key: string): void {
    const known = this.#entries.get(key);
    if (known && this.#entries.delete(key)) this.#bytes -= bytesOf(known);
  }

  /** What makes an entry no larger is always taken. */
  #assertRoom(more: number): void {
    const { maxBytes = MAX_BYTES } = this.#options;
    if (more > 0 && this.#bytes + more > maxBytes)
      throw new Refusal(500, `keys and values of more than ${maxBytes} bytes`);
  }

  #delete(key: string): void {
    this.#forget(key);
    this.#options.mark('keys', key);
  }

  /** The lock after the put; undefined when it may not be taken or given back. */
  #lock(key: string, known: KeyEntry | undefined, acquire?: string, release?: string) {
    const held = { lockIndex: known?.lockIndex ?? 0, ...(known?.session ? { session: known.session } : {}) };
    if (acquire !== undefined) {
      if (!this.#options.sessionExists(acquire)) throw new Refusal(500, `invalid session "${acquire}"`);
      if (held.session === acquire) return held;
      if (held.session !== undefined || this.#delayed(key)) return undefined;
      return { lockIndex: held.lockIndex + 1, session: acquire };
    }
    if (release !== undefined) return held.session === release ? { lockIndex: held.lockIndex } : undefined;
    return held;
  }

  #delayed(key: string): boolean {
    return (this.#lockableFromMs.get(key) ?? 0) > this.#options.now();
  }

  #forgetPastDelays(): void {
    const nowMs = this.#options.now();
    for (const [key, fromMs] of this.#lockableFromMs) if (fromMs <= nowMs) this.#lockableFromMs.delete(key);
  }
}

const bytesOf = ({ key, value }: Pick<KeyEntry, 'key' | 'value'>): number => key.length + value.length;
