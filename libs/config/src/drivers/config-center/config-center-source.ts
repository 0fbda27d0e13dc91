import { RookeryError, reportWaiting } from '@rookery/observability';
import type { AppliedReport, ConfigSource, Snapshot } from '../../config.ts';
import { type KeyRing, readKeyRing } from '../../encryption/key-ring.ts';
import { errors } from '../../errors.ts';
import { backOffMs, pause } from './back-off.ts';
import { CentreApi, RefusedByCentre } from './centre-api.ts';
import { DiskCopy } from './disk-copy.ts';
import { follow } from './follow.ts';
import { opened } from './opened.ts';
import { Reporter } from './reporter.ts';
import { type TokenSource, tokenSource } from './token-of.ts';

export interface ConfigCenterOptions {
  /** `http://host:port`, with `?namespace=` and `?group=` where they are not `default`. */
  url: string;
  service: string;
  /** Id under which this process reports what it applied. */
  instance: string;
  /** `zone=a,canary=yes`: what grey releases may go by; none. */
  labels?: string;
  /** Folder whose `config/` keeps the last applied release. */
  home: string;
  /** Deadline of one call, in ms; 3000. */
  timeoutMs?: number;
  /** How long a start without a copy on disk waits for the centre, in ms; 60000. */
  waitMs?: number;
  /** Distance of the reports by which the centre knows that this instance lives, in ms; 15000. */
  heartbeatMs?: number;
  /** A report waits for a random moment of up to so long, in ms; 1000. */
  spreadMs?: number;
  /** What is shown to the centre; what `CONFIG_TOKEN` or `CONFIG_TOKEN_FILE` say when not given. */
  token?: TokenSource;
  /** Decrypts encrypted values; what `CONFIG_KEYS` or `CONFIG_KEYS_FILE` say when not given. */
  keyRing?: KeyRing;
}

const HANDED_KEPT = 4;

/**
 * Settings from apps/config-center: a GET at the start, then its stream of Server-Sent Events. Uses Node's fetch, no
 * client package. While the centre is away the values stay; a start without it takes the last applied release from disk.
 */
export function configCenterSource(options: ConfigCenterOptions): ConfigSource {
  return new ConfigCenterSource(options);
}

class ConfigCenterSource implements ConfigSource {
  readonly name: string;
  readonly #options: Required<Omit<ConfigCenterOptions, 'keyRing'>>;
  readonly #api: CentreApi;
  readonly #copy: DiskCopy;
  readonly #reporter: Reporter;
  readonly #ring: KeyRing | undefined;
  readonly #namespace: string;
  readonly #closed = new AbortController();
  /** What was handed over and not yet reported on; at most the few newest. */
  readonly #handed = new Map<number, Snapshot>();
  #cursor = 0;

  constructor(options: ConfigCenterOptions) {
    this.#options = {
      timeoutMs: 3_000,
      waitMs: 60_000,
      heartbeatMs: 15_000,
      spreadMs: 1_000,
      labels: '',
      token: tokenSource(),
      ...options,
    };
    const url = new URL(options.url);
    const address = `${url.origin}${url.pathname.replace(/\/$/, '')}`;
    const key = [
      url.searchParams.get('namespace') ?? 'default',
      url.searchParams.get('group') ?? 'default',
      options.service,
    ];
    this.name = `config-center ${address}`;
    const { instance, labels, timeoutMs, token } = this.#options;
    this.#ring = options.keyRing ?? readKeyRing();
    this.#namespace = url.searchParams.get('namespace') ?? 'default';
    // Who holds the keys gets encrypted values as they are: the centre need not see what is in them.
    this.#api = new CentreApi(address, key, instance, labels, timeoutMs, token, this.#ring ? 'sealed' : 'plain');
    this.#copy = new DiskCopy(options.home, address, key);
    const { heartbeatMs, spreadMs } = this.#options;
    this.#reporter = new Reporter({ send: (report) => this.#api.report(report), heartbeatMs, spreadMs });
  }

  async load(): Promise<Snapshot> {
    const endsAtMs = Date.now() + this.#options.waitMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return this.#hand(await this.#api.current());
      } catch (error) {
        const copy = error instanceof RefusedByCentre ? undefined : await this.#copy.read();
        if (copy) return { ...this.#hand(copy), fromDisk: true };
        if (error instanceof RookeryError) throw error;
        const problem = errors.unreachable(this.name, error);
        const pauseMs = backOffMs(attempt, () => 1, 100, 2_000);
        const over = Date.now() + pauseMs >= endsAtMs || this.#closed.signal.aborted;
        if (error instanceof RefusedByCentre || over) throw problem;
        reportWaiting('config-center', problem.message);
        await pause(pauseMs, this.#closed.signal);
      }
    }
  }

  watch(listener: (snapshot: Snapshot) => void, onProblem?: (problem: RookeryError) => void): { close(): void } {
    const following = follow({
      connect: (after, signal) => this.#api.watch(after, signal),
      cursor: this.#cursor,
      onRelease: (snapshot) => this.#take(snapshot, listener, onProblem),
      onProblem: (error) => onProblem?.(errors.unreachable(this.name, error)),
    });
    this.#closed.signal.addEventListener('abort', () => following.close(), { once: true });
    return following;
  }

  async lastApplied(): Promise<Snapshot | undefined> {
    const copy = await this.#copy.read();
    return copy && this.#open(copy);
  }

  async report(report: AppliedReport): Promise<void> {
    const snapshot = this.#handed.get(report.version);
    for (const version of this.#handed.keys()) if (version <= report.version) this.#handed.delete(version);
    await Promise.all([
      this.#reporter.report(report),
      report.applied && snapshot ? this.#copy.write(snapshot) : undefined,
    ]);
  }

  async close(): Promise<void> {
    this.#reporter.close();
    this.#closed.abort();
  }

  /** A release whose encrypted values cannot be read is refused as one that does not fit: the last good value stays. */
  #take(
    snapshot: Snapshot,
    listener: (snapshot: Snapshot) => void,
    onProblem: ((problem: RookeryError) => void) | undefined,
  ): void {
    let readable: Snapshot;
    try {
      readable = this.#hand(snapshot);
    } catch (error) {
      const problem = error instanceof RookeryError ? error : errors.unreadable(this.name, error);
      onProblem?.(problem);
      this.report({ version: snapshot.version, applied: false, reason: problem.message }).catch(() => {});
      return;
    }
    listener(readable);
  }

  #open(snapshot: Snapshot): Snapshot {
    return opened(snapshot, this.#ring, this.#namespace);
  }

  /** What is kept for the disk is as it came: encrypted, where the ring decrypts it. */
  #hand(snapshot: Snapshot): Snapshot {
    const readable = this.#open(snapshot);
    this.#cursor = snapshot.version;
    this.#handed.set(snapshot.version, snapshot);
    for (const version of [...this.#handed.keys()].slice(0, -HANDED_KEPT)) this.#handed.delete(version);
    return readable;
  }
}
