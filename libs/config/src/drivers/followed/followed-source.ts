import { RookeryError, reportWaiting } from '@rookery/observability';
import type { AppliedReport, ConfigSource, Snapshot } from '../../config.ts';
import { errors } from '../../errors.ts';
import { backOffMs, pause } from '../config-center/back-off.ts';
import { DiskCopy } from '../config-center/disk-copy.ts';
import type { FollowedPlace } from './followed-place.ts';

export interface FollowedOptions {
  /** Folder whose `config/` keeps the last applied settings. */
  home: string;
  /** What the copy belongs to: the place's address and the name in it. */
  address: string;
  key: readonly string[];
  /** How long a start without a copy on disk waits for the place, in ms; 60000. */
  waitMs?: number;
}

/**
 * Settings of a foreign place, which counts no versions that go on from one process to the next: ours count the changes
 * that this process has seen. While the place is away the values stay, and a start takes the last applied ones from disk.
 */
export class FollowedSource implements ConfigSource {
  readonly name: string;
  readonly #place: FollowedPlace;
  readonly #copy: DiskCopy;
  readonly #waitMs: number;
  readonly #closed = new AbortController();
  #mark = '';
  #now: Snapshot = { version: 0, settings: {} };
  #handed = 0;

  constructor(place: FollowedPlace, { home, address, key, waitMs = 60_000 }: FollowedOptions) {
    this.name = place.name;
    this.#place = place;
    this.#copy = new DiskCopy(home, address, key);
    this.#waitMs = waitMs;
  }

  async load(): Promise<Snapshot> {
    const endsAtMs = Date.now() + this.#waitMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return this.#hand(await this.#read());
      } catch (error) {
        const problem = this.#problem(error);
        const copy = await this.lastApplied();
        if (copy) return { ...copy, fromDisk: true };
        const pauseMs = backOffMs(attempt, () => 1, 100, 2_000);
        const final = problem.code !== 'CONFIG_UNREACHABLE' || this.#closed.signal.aborted;
        if (final || Date.now() + pauseMs >= endsAtMs) throw problem;
        reportWaiting('config', problem.message);
        await pause(pauseMs, this.#closed.signal);
      }
    }
  }

  watch(listener: (snapshot: Snapshot) => void, onProblem?: (problem: RookeryError) => void): { close(): void } {
    const watching = new AbortController();
    const signal = AbortSignal.any([watching.signal, this.#closed.signal]);
    void this.#follow(signal, listener, onProblem);
    return { close: () => watching.abort() };
  }

  /** Its version belongs to another process: it is older than all of this one. */
  async lastApplied(): Promise<Snapshot | undefined> {
    const copy = await this.#copy.read();
    return copy && { ...copy, version: 0 };
  }

  async report({ version, applied }: AppliedReport): Promise<void> {
    if (applied && version > 0 && version === this.#now.version) await this.#copy.write(this.#now);
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#place.close?.();
  }

  async #follow(
    signal: AbortSignal,
    listener: (snapshot: Snapshot) => void,
    onProblem?: (problem: RookeryError) => void,
  ): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        // After a failure the state is read at once: what happened meanwhile was not told.
        if (failures === 0) await this.#place.mayHaveChanged(signal);
        const snapshot = await this.#read(signal);
        if (signal.aborted) return;
        failures = 0;
        if (snapshot.version > this.#handed) listener(this.#hand(snapshot));
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0) onProblem?.(this.#problem(error));
        await pause(backOffMs(failures), signal);
        failures += 1;
      }
    }
  }

  async #read(signal: AbortSignal = this.#closed.signal): Promise<Snapshot> {
    const { settings, text, mark } = await this.#place.read(signal);
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#now = { version: this.#now.version + 1, settings, ...(text && { text }) };
    }
    return this.#now;
  }

  #hand(snapshot: Snapshot): Snapshot {
    this.#handed = snapshot.version;
    return snapshot;
  }

  #problem(error: unknown): RookeryError {
    return error instanceof RookeryError ? error : errors.unreachable(this.name, error);
  }
}
