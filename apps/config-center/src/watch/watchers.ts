import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { LOGGER, type Logger } from '@rookery/observability';
import { KnownTokens } from '../access/tokens/known-tokens.ts';
import type { Visitor } from '../access/visitor.ts';
import { errors } from '../errors.ts';
import type { Caller } from '../grey/caller.ts';
import { InstanceStore } from '../instances/instance-store.ts';
import { Secrets } from '../secrets/secrets.ts';
import { ReleaseStore } from '../settings/release-store.ts';
import { keyText, type SettingKey } from '../settings/setting-key.ts';
import { Topic } from './topic.ts';
import { WATCH_LIMITS, type WatchLimits } from './watch-limits.ts';
import { Watcher } from './watcher.ts';

const DRAIN_CHECK_MS = 200;

/** The open streams of this replica, by key. */
@Injectable()
export class Watchers implements OnModuleInit, OnModuleDestroy {
  readonly #topics = new Map<string, Topic>();
  readonly #timers: NodeJS.Timeout[] = [];
  #size = 0;
  #closed = false;

  constructor(
    @Inject(ReleaseStore) private readonly releases: ReleaseStore,
    @Inject(InstanceStore) private readonly instances: InstanceStore,
    @Inject(WATCH_LIMITS) private readonly limits: WatchLimits,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Secrets) private readonly secrets: Secrets,
    @Inject(KnownTokens) tokens: KnownTokens,
  ) {
    tokens.onRevoked((id) => this.#endRevoked(id));
  }

  onModuleInit(): void {
    const every = (ms: number, work: () => void) => this.#timers.push(setInterval(work, ms));
    every(this.limits.heartbeatMs, () => this.#beat());
    every(this.limits.catchUpMs, () => void this.catchUp());
    every(this.limits.silentInstanceMs / 4, () => void this.#dropSilent());
    every(DRAIN_CHECK_MS, () => this.#endWhenDraining());
  }

  onModuleDestroy(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#endAll();
  }

  /**
   * Adds a stream. What came after `afterVersion` is sent at once, of several releases the newest.
   * @param open starts the response; called only when the stream is taken
   */
  async watch(
    key: SettingKey,
    afterVersion: number,
    caller: Caller,
    visitor: Visitor | undefined,
    open: () => ServerResponse,
  ): Promise<void> {
    if (this.#closed || this.#size >= this.limits.maxWatchers) throw errors.tooManyWatchers(this.limits.maxWatchers);
    const topic = this.#topic(key);
    topic.opening += 1;
    try {
      await topic.refresh();
    } catch (error) {
      topic.opening -= 1;
      this.#forget(topic);
      throw error;
    }
    topic.opening -= 1;
    const response = open();
    if (response.destroyed) return this.#forget(topic);
    const nowMs = Date.now();
    const { tokenId, expiresAtMs = Number.POSITIVE_INFINITY } = visitor?.verified ?? {};
    const endsAtMs = Math.min(expiresAtMs, nowMs + this.limits.maxAgeMs * (0.8 + 0.4 * Math.random()));
    const watcher = new Watcher(response, afterVersion, caller, tokenId, nowMs, endsAtMs);
    this.#size += 1;
    topic.watchers.add(watcher);
    response.once('close', () => {
      this.#size -= 1;
      topic.watchers.delete(watcher);
      this.#forget(topic);
    });
    topic.send(watcher);
    watcher.heartbeat(topic.versionFor(caller), this.limits.heartbeatMs);
  }

  /** A replica published `version` of a key. */
  notified(text: string, version: number): void {
    this.#topics.get(text)?.expect(version);
  }

  /** Reads which versions are current and has the topics that are behind catch up. */
  async catchUp(): Promise<void> {
    try {
      const versions = await this.releases.versions([...this.#topics.values()].map(({ key }) => key));
      for (const [text, version] of versions) this.notified(text, version);
    } catch (error) {
      this.logger.warn({ error }, 'catch-up failed');
    }
  }

  #topic(key: SettingKey): Topic {
    const text = keyText(key);
    const known = this.#topics.get(text);
    if (known) return known;
    const topic = new Topic(
      key,
      () => this.releases.standing(key),
      (release, how) => this.secrets.see(key, release, how),
    );
    this.#topics.set(text, topic);
    return topic;
  }

  #forget(topic: Topic): void {
    if (topic.watchers.size === 0 && topic.opening === 0) this.#topics.delete(keyText(topic.key));
  }

  #beat(): void {
    const nowMs = Date.now();
    for (const topic of this.#topics.values()) {
      topic.retry();
      for (const watcher of topic.watchers) {
        if (nowMs >= watcher.endsAtMs) watcher.end();
        else watcher.heartbeat(topic.versionFor(watcher.caller), this.limits.heartbeatMs);
      }
    }
  }

  /** The other half of the heartbeat: a stream whose instance has gone without a word is ended. */
  async #dropSilent(): Promise<void> {
    const sinceMs = Date.now() - this.limits.silentInstanceMs;
    for (const { key, watchers } of this.#topics.values()) {
      const old = [...watchers].filter(
        ({ caller, openedAtMs }) => caller.instance !== undefined && openedAtMs < sinceMs,
      );
      if (old.length === 0) continue;
      try {
        const alive = await this.instances.seenSince(key, this.limits.silentInstanceMs);
        for (const watcher of old) if (!alive.has(watcher.caller.instance ?? '')) watcher.end();
      } catch (error) {
        this.logger.warn({ error }, 'liveness of watchers unknown');
      }
    }
  }

  #endRevoked(id: string): void {
    for (const { watchers } of this.#topics.values()) {
      for (const watcher of watchers) {
        if (watcher.tokenId === id) watcher.end();
      }
    }
  }

  /** A drain waits for running requests, and these would run for ever: they end once the server takes no new ones. */
  #endWhenDraining(): void {
    const server = this.adapterHost.httpAdapter.getHttpServer() as { listening: boolean };
    if (this.#size > 0 && !server.listening) this.#endAll();
  }

  #endAll(): void {
    this.#closed = true;
    for (const { watchers } of this.#topics.values()) for (const watcher of watchers) watcher.end();
  }
}
