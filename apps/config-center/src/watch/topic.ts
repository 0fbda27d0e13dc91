import type { Caller } from '../grey/caller.ts';
import type { Showing } from '../secrets/showing.ts';
import type { Release } from '../settings/release.ts';
import type { SettingKey } from '../settings/setting-key.ts';
import { NOTHING_STANDS, newestOf, releaseFor, type Standing } from '../settings/standing.ts';
import type { Watcher } from './watcher.ts';

/** The watchers of one key, and the newest releases of it that this replica has read. */
export class Topic {
  readonly watchers = new Set<Watcher>();
  /** Streams about to join. */
  opening = 0;
  #standing = NOTHING_STANDS;
  /** A release is written once for all who get the same. */
  readonly #data = new WeakMap<Release, string>();
  /** The newest version that this replica has heard of. */
  #expected = 0;
  #reading: Promise<void> | undefined;

  constructor(
    readonly key: SettingKey,
    private readonly read: () => Promise<Standing>,
    private readonly see: (release: Release, how: Showing) => Release = (release) => release,
  ) {}

  /** The newest version that has been read; it may be a grey one. */
  get version(): number {
    return newestOf(this.#standing);
  }

  /** What a heartbeat may promise a watcher: everything for it up to here has been sent. */
  versionFor(caller: Caller): number {
    return releaseFor(this.#standing, this.key, caller).version;
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
    const release = releaseFor(this.#standing, this.key, watcher.caller);
    watcher.release(release, this.#dataOf(this.see(release, watcher.caller.secrets ?? 'masked')));
  }

  #dataOf(release: Release): string {
    const known = this.#data.get(release);
    if (known !== undefined) return known;
    const data = dataOf(release);
    this.#data.set(release, data);
    return data;
  }

  async #refresh(): Promise<void> {
    const standing = await this.read();
    if (newestOf(standing) <= this.version) return;
    this.#standing = standing;
    for (const watcher of this.watchers) this.send(watcher);
  }
}

/** What the stream carries: not the text as well. */
const dataOf = ({ content: _text, ...sent }: Release): string => JSON.stringify(sent);
