import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LOGGER, type Logger } from '@rookery/observability';
import { errors } from '../errors.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { keyText, type SettingKey } from '../settings/setting-key.ts';
import { newestOf, type Standing } from '../settings/standing.ts';
import { WATCH_LIMITS, type WatchLimits } from '../watch/watch-limits.ts';
import { Poll } from './poll.ts';

const DRAIN_CHECK_MS = 200;

/** Reads what stands for a key; polls that are woken by the same release share one read. */
export type ReadStanding = (key: SettingKey) => Promise<Standing>;

/** What this replica knows of a key that somebody waits for. */
interface Awaited {
  readonly key: SettingKey;
  readonly polls: Set<Poll>;
  version: number;
  reading?: Promise<Standing>;
}

/** The long polls that this replica holds, for the protocols that know no streams. */
@Injectable()
export class LongPolls implements OnModuleInit, OnModuleDestroy {
  readonly #awaited = new Map<string, Awaited>();
  readonly #timers: NodeJS.Timeout[] = [];
  #held = 0;
  #closed = false;

  constructor(
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(WATCH_LIMITS) private readonly limits: WatchLimits,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.#timers.push(setInterval(() => void this.catchUp(), this.limits.catchUpMs));
    this.#timers.push(setInterval(() => this.#endWhenDraining(), DRAIN_CHECK_MS));
  }

  onModuleDestroy(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#endAll();
  }

  /**
   * Answers what `look` finds: at once where it finds something, else after each release of a key. Undefined when the time
   * is over, the client has gone or the replica shuts down. Nothing is missed: the poll listens before it looks.
   */
  async hold<T>(
    keys: readonly SettingKey[],
    look: (read: ReadStanding) => Promise<T | undefined>,
    timeoutMs: number,
    response: ServerResponse,
  ): Promise<T | undefined> {
    if (this.#held >= this.limits.maxWatchers) throw errors.tooManyWatchers(this.limits.maxWatchers);
    const poll = new Poll(timeoutMs);
    const joined = keys.map((key) => this.#join(key, poll));
    const gone = () => poll.end();
    response.once('close', gone);
    this.#held += 1;
    const read: ReadStanding = (key) => this.#read(key);
    try {
      let found = await look(read);
      while (found === undefined && !this.#closed && (await poll.news())) {
        found = await look(read).catch((error: unknown) => void this.logger.warn({ error }, 'a long poll cannot look'));
      }
      return found;
    } finally {
      this.#held -= 1;
      poll.end();
      response.off('close', gone);
      for (const each of joined) this.#leave(each, poll);
    }
  }

  /** A replica published `version` of a key. */
  notified(text: string, version: number): void {
    const awaited = this.#awaited.get(text);
    if (!awaited || version <= awaited.version) return;
    // A read that began before may not have seen it.
    delete awaited.reading;
    for (const poll of awaited.polls) poll.wake();
  }

  /** Reads which versions are current and wakes who waits for one that is newer. */
  async catchUp(): Promise<void> {
    try {
      const versions = await this.releases.versions([...this.#awaited.values()].map(({ key }) => key));
      for (const [text, version] of versions) this.notified(text, version);
    } catch (error) {
      this.logger.warn({ error }, 'catch-up of long polls failed');
    }
  }

  async #read(key: SettingKey): Promise<Standing> {
    const awaited = this.#awaited.get(keyText(key));
    if (!awaited) return this.releases.standing(key);
    const reading = awaited.reading ?? this.releases.standing(key);
    awaited.reading = reading;
    try {
      const standing = await reading;
      if (newestOf(standing) > awaited.version) {
        awaited.version = newestOf(standing);
        // Others may have read before it; the notification that comes will be no news then.
        for (const poll of awaited.polls) poll.wake();
      }
      return standing;
    } finally {
      if (awaited.reading === reading) delete awaited.reading;
    }
  }

  #join(key: SettingKey, poll: Poll): Awaited {
    const text = keyText(key);
    const awaited = this.#awaited.get(text) ?? { key, polls: new Set(), version: 0 };
    awaited.polls.add(poll);
    this.#awaited.set(text, awaited);
    return awaited;
  }

  #leave(awaited: Awaited, poll: Poll): void {
    awaited.polls.delete(poll);
    if (awaited.polls.size === 0) this.#awaited.delete(keyText(awaited.key));
  }

  /** As for streams: a drain waits for running requests, and these run for long. */
  #endWhenDraining(): void {
    const server = this.adapterHost.httpAdapter.getHttpServer() as { listening: boolean };
    if (this.#held > 0 && !server.listening) this.#endAll();
  }

  #endAll(): void {
    this.#closed = true;
    for (const { polls } of this.#awaited.values()) for (const poll of polls) poll.end();
  }
}
