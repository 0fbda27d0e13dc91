import { ChangeIndex, firstIndex } from './change-index.ts';
import { ChangedRecords, type RecordKind } from './changed-records.ts';
import { type KeyEntry, KeyStore } from './key-store.ts';
import type { CheckRecord, ServiceRecord } from './service-record.ts';
import { type SavedServices, ServiceStore } from './service-store.ts';
import { type SessionRecord, SessionStore } from './session-store.ts';

/** What survives a restart. */
export interface SavedState extends SavedServices {
  version: 1;
  index: number;
  keys: KeyEntry[];
  sessions: SessionRecord[];
}

/** A record as it is now, by its id; null when it is gone. */
export type Changed<T> = [id: string, record: T | null];

/** What differs from what was written down before: the whole of each record that is not the same. */
export interface StateChange {
  index: number;
  services: Changed<ServiceRecord>[];
  checks: Changed<CheckRecord>[];
  keys: Changed<KeyEntry>[];
  sessions: Changed<SessionRecord>[];
}

/** All that the registry knows: instances, keys and sessions, on one change index. */
export class RegistryState {
  readonly changes: ChangeIndex;
  readonly services: ServiceStore;
  readonly keys: KeyStore;
  readonly sessions: SessionStore;
  readonly #changed = new ChangedRecords();

  /** @param now epoch ms */
  constructor(now: () => number = Date.now, saved?: SavedState) {
    this.changes = new ChangeIndex(firstIndex(saved?.index ?? 0, now()));
    const { mark } = this.#changed;
    this.sessions = new SessionStore(this.changes, now, mark, ({ id, behavior, lockDelayMs }) =>
      this.keys.endSession(id, behavior, lockDelayMs),
    );
    this.keys = new KeyStore(this.changes, { now, mark, sessionExists: (id) => this.sessions.get(id) !== undefined });
    this.services = new ServiceStore(this.changes, now, mark, (checkId) => this.sessions.checkFailed(checkId));
    if (!saved) return;
    this.services.restore(saved);
    this.keys.restore(saved.keys);
    this.sessions.restore(saved.sessions);
  }

  /** Lets time take effect. */
  expire(): void {
    this.services.expire();
    this.sessions.expire();
  }

  /** When {@link expire} has something to do next, in epoch ms; Infinity for never. */
  nextDueMs(): number {
    return Math.min(this.services.nextDueMs(), this.sessions.nextDueMs());
  }

  /** What changed since this was last asked; undefined when nothing did. */
  takeChange(): StateChange | undefined {
    const ids = this.#changed.take();
    if (!ids) return undefined;
    const of = <T>(kind: RecordKind, get: (id: string) => T | undefined): Changed<T>[] =>
      [...ids[kind]].map((id) => [id, get(id) ?? null]);
    return {
      index: this.changes.last,
      services: of('services', (id) => this.services.get(id)),
      checks: of('checks', (id) => this.services.check(id)),
      keys: of('keys', (key) => this.keys.get(key)),
      sessions: of('sessions', (id) => this.sessions.get(id)),
    };
  }

  save(): SavedState {
    return {
      version: 1,
      index: this.changes.last,
      ...this.services.save(),
      keys: this.keys.save(),
      sessions: this.sessions.save(),
    };
  }
}
