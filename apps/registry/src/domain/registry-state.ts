import { ChangeIndex, firstIndex } from './change-index.ts';
import { type KeyEntry, KeyStore } from './key-store.ts';
import { type SavedServices, ServiceStore } from './service-store.ts';
import { type SessionRecord, SessionStore } from './session-store.ts';

/** What survives a restart. */
export interface SavedState extends SavedServices {
  version: 1;
  index: number;
  keys: KeyEntry[];
  sessions: SessionRecord[];
}

/** All that the registry knows: instances, keys and sessions, on one change index. */
export class RegistryState {
  readonly changes: ChangeIndex;
  readonly services: ServiceStore;
  readonly keys: KeyStore;
  readonly sessions: SessionStore;

  /** @param now epoch ms */
  constructor(now: () => number = Date.now, saved?: SavedState) {
    this.changes = new ChangeIndex(firstIndex(saved?.index ?? 0, now()));
    this.sessions = new SessionStore(this.changes, now, ({ id, behavior, lockDelayMs }) =>
      this.keys.endSession(id, behavior, lockDelayMs),
    );
    this.keys = new KeyStore(this.changes, { now, sessionExists: (id) => this.sessions.get(id) !== undefined });
    this.services = new ServiceStore(this.changes, now, (checkId) => this.sessions.checkFailed(checkId));
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
