import { backOffMs } from '@rookery/connections';
import type { ZkSession, ZkTenant } from '@rookery/connections/zookeeper';
import type { DiscoveryLog } from '../../log.ts';

const BACK_OFF = { baseMs: 200, capMs: 5_000 };

/** Read anew after each change of a node that it asked about, and after each connection. */
export abstract class ZkView implements ZkTenant {
  #reading = false;
  #stale = false;
  /** What changed while it was being read: its answer may be older than the news of it. */
  readonly #overtaken = new Set<string>();
  #allOvertaken = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    protected readonly session: ZkSession,
    private readonly log: DiscoveryLog | undefined,
  ) {}

  /** Reads what is there, each node with a watch, and tells it. */
  protected abstract read(): Promise<void>;

  /** Forgets what is known of the path, of everything without one. Answers whether the view looks at it. */
  protected abstract forget(path?: string): boolean;

  /** Whether what was just read of the path may be kept until it changes. */
  protected mayKeep(path: string): boolean {
    return !this.#allOvertaken && !this.#overtaken.has(path);
  }

  connected(): void {
    this.#allOvertaken = true;
    this.forget();
    this.#refresh();
  }

  changed(path: string): void {
    if (this.#reading) this.#overtaken.add(path);
    if (this.forget(path)) this.#refresh();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.session.leave(this);
  }

  #refresh(): void {
    this.#stale = true;
    if (!this.#reading) void this.#run();
  }

  async #run(): Promise<void> {
    this.#reading = true;
    clearTimeout(this.#timer);
    try {
      while (this.#stale && !this.#closed) {
        this.#stale = false;
        this.#allOvertaken = false;
        this.#overtaken.clear();
        await this.read();
        this.#failures = 0;
      }
    } catch (error) {
      // A lost connection is followed by another, which refreshes; a refusal may end some time.
      if (!this.#closed && !this.session.closed) this.#retry(error);
    } finally {
      this.#reading = false;
    }
  }

  #retry(error: unknown): void {
    this.#failures++;
    if (this.#failures === 1) this.log?.warn({ error }, 'watch interrupted, the last known instances stay');
    this.#timer = setTimeout(() => this.#refresh(), backOffMs(this.#failures, BACK_OFF));
  }
}
