import { NO_RELEASE, type Release } from '../settings/release.ts';
import type { SettingKey } from '../settings/setting-key.ts';
import type { Watcher } from './watcher.ts';

/** The watchers of one key, and the newest release of it that this replica has read. */
export class Topic {
  readonly watchers = new Set<Watcher>();
  /** Streams about to join. */
  opening = 0;
  #release = NO_RELEASE;
  #data = '';
  /** The newest version that this replica has heard of. */
  #expected = 0;
  #reading: Promise<void> | undefined;

  constructor(
    readonly key: SettingKey,
    private readonly read: () => Promise<Release>,
  ) {}

  /** What a heartbeat may promise: everything up to here has been sent to every watcher. */
  get version(): number {
    return this.#release.version;
  }

  /** There is a version; it is read and sent unless it is known. Many at once cost one read. */
  expect(version: number): void {
    this.#expected = Math.max(this.#expected, version);
    this.retry();
  }

  /** Reads again what is expected and has not come; a failed read stays expected. */
  retry(): void {
    if (this.#expected > this.version && !this.#reading) this.refresh().catch(() => {});
  }

  /** Reads the current release and sends it where it is news. What is announced while a read runs is read after it. */
  async refresh(): Promise<void> {
    const before = this.#expected;
    this.#reading ??= this.#refresh().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    if (this.#expected > before) this.retry();
  }

  /** Gives one watcher what it does not have yet. */
  send(watcher: Watcher): void {
    watcher.release(this.#release, this.#data);
  }

  async #refresh(): Promise<void> {
    const release = await this.read();
    if (release.version <= this.version) return;
    this.#release = release;
    const { content: _text, ...sent } = release;
    this.#data = JSON.stringify(sent);
    for (const watcher of this.watchers) this.send(watcher);
  }
}
