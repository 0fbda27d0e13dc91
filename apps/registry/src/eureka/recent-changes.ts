import { Injectable } from '@nestjs/common';
import { Applications } from './applications.ts';
import type { ActionType, EurekaJson } from './eureka-instance.ts';

/** A client that asks at least so often misses nothing, as with Eureka's own servers. */
const KEPT_MS = 180_000;
/** Beyond this, clients are sent for the whole instead. */
const MOST_CHANGES = 20_000;

interface Change {
  atMs: number;
  instance: EurekaJson;
}

/**
 * What has changed lately, for `/apps/delta`. It is found by comparing what clients were shown with what is there when
 * one asks: nothing is kept for a registry that no client of Eureka reads.
 */
@Injectable()
export class RecentChanges {
  #shown: Map<string, EurekaJson> | undefined;
  #changes: Change[] = [];
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly applications: Applications,
    private readonly now: () => number = Date.now,
  ) {}

  /** To be called before the whole is shown: from now on its reader asks for changes. */
  begin(): void {
    this.#look();
  }

  /** Undefined when a reader may have missed something and has to ask for the whole. */
  read(): EurekaJson[] | undefined {
    return this.#look() ? this.#changes.map(({ instance }) => instance) : undefined;
  }

  /** Answers false when changes since the last reader's look are not known. */
  #look(): boolean {
    const nowMs = this.now();
    const before = this.#readAtMs < nowMs - KEPT_MS ? undefined : this.#shown;
    this.#readAtMs = nowMs;
    const present = new Map<string, EurekaJson>();
    for (const { instance } of this.applications.all()) {
      for (const one of instance) present.set(`${one.app}\n${one.instanceId}`, one);
    }
    this.#shown = present;
    if (!before) {
      this.#changes = [];
      return false;
    }
    this.#changes = this.#changes.filter(({ atMs }) => atMs >= nowMs - KEPT_MS);
    const add = (instance: EurekaJson, actionType: ActionType) =>
      this.#changes.push({ atMs: nowMs, instance: { ...instance, actionType } });
    for (const [key, instance] of before) if (!present.has(key)) add(instance, 'DELETED');
    for (const [key, instance] of present) {
      const known = before.get(key);
      if (!known) add(instance, 'ADDED');
      else if (known.lastUpdatedTimestamp !== instance.lastUpdatedTimestamp) add(instance, 'MODIFIED');
    }
    if (this.#changes.length <= MOST_CHANGES) return true;
    this.#changes = [];
    this.#shown = undefined;
    return false;
  }
}
