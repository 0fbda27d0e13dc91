import { randomUUID } from 'node:crypto';
import type { ChangeIndex } from './change-index.ts';
import type { MarkChanged } from './changed-records.ts';
import { Refusal } from './refusal.ts';

export interface SessionRecord {
  id: string;
  name: string;
  behavior: 'release' | 'delete';
  lockDelayMs: number;
  /** Ends by itself when it is not renewed for so long; never when not given. */
  ttlMs?: number;
  dueAtMs: number;
  /** Checks that end it when they turn critical. */
  checks: string[];
  createIndex: number;
  modifyIndex: number;
}

export type SessionRequest = Pick<SessionRecord, 'name' | 'behavior' | 'lockDelayMs' | 'ttlMs' | 'checks'>;

export const SESSIONS = 'sessions';
export const sessionTopic = (id: string): string => `session:${id}`;

const MAX_SESSIONS = 50_000;

/** Sessions, which hold locks of the key store. Time passes only through {@link expire}. */
export class SessionStore {
  readonly #sessions = new Map<string, SessionRecord>();

  constructor(
    private readonly changes: ChangeIndex,
    private readonly now: () => number,
    private readonly mark: MarkChanged,
    private readonly onEnd: (session: SessionRecord) => void,
  ) {}

  create(request: SessionRequest): SessionRecord {
    if (this.#sessions.size >= MAX_SESSIONS) throw new Refusal(500, `more than ${MAX_SESSIONS} sessions`);
    const index = this.changes.next;
    const session = {
      ...request,
      id: randomUUID(),
      dueAtMs: this.#dueAtMs(request),
      createIndex: index,
      modifyIndex: index,
    };
    this.#sessions.set(session.id, session);
    this.mark('sessions', session.id);
    this.changes.touch(SESSIONS, sessionTopic(session.id));
    return session;
  }

  get(id: string): SessionRecord | undefined {
    return this.#sessions.get(id);
  }

  all(): SessionRecord[] {
    return [...this.#sessions.values()];
  }

  /** Undefined when there is no such session. */
  renew(id: string): SessionRecord | undefined {
    const session = this.#sessions.get(id);
    if (session) session.dueAtMs = this.#dueAtMs(session);
    return session;
  }

  destroy(id: string): void {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#sessions.delete(id);
    this.mark('sessions', id);
    this.changes.touch(SESSIONS, sessionTopic(id));
    this.onEnd(session);
  }

  /** Ends the sessions that hang on a check that has turned critical. */
  checkFailed(checkId: string): void {
    for (const { id, checks } of this.all()) if (checks.includes(checkId)) this.destroy(id);
  }

  expire(): void {
    const nowMs = this.now();
    for (const { id, dueAtMs } of this.all()) if (dueAtMs <= nowMs) this.destroy(id);
  }

  nextDueMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of this.#sessions.values()) next = Math.min(next, dueAtMs);
    return next;
  }

  save(): SessionRecord[] {
    return this.all();
  }

  /** Takes a snapshot back; each session gets its whole time anew. */
  restore(sessions: SessionRecord[]): void {
    for (const session of sessions) this.#sessions.set(session.id, { ...session, dueAtMs: this.#dueAtMs(session) });
  }

  #dueAtMs({ ttlMs }: Pick<SessionRecord, 'ttlMs'>): number {
    return ttlMs === undefined ? Number.POSITIVE_INFINITY : this.now() + ttlMs;
  }
}
