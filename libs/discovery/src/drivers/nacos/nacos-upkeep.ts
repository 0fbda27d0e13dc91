import { backOffMs } from '@rookery/connections';
import type { NacosConnection, NacosMessage, NacosTenant } from '@rookery/connections/nacos';
import type { DiscoveryLog } from '../../log.ts';

const BACK_OFF = { baseMs: 200, capMs: 5_000 };

/** What must be said on each new connection, and again after a pause where it was not taken. */
export abstract class NacosUpkeep implements NacosTenant {
  #running: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #kept = false;
  #closed = false;

  constructor(
    protected readonly connection: NacosConnection,
    /** For the log: what is not kept up. */
    private readonly subject: string,
    protected readonly log: DiscoveryLog | undefined,
  ) {}

  /** Says it, as it is wanted at that moment. */
  protected abstract say(): Promise<void>;

  protected get closed(): boolean {
    return this.#closed;
  }

  pushed(_message: NacosMessage): void {}

  connected(): void {
    this.refresh();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.connection.leave(this);
  }

  /** From now on, in the background, as long as it takes. */
  protected keep(): void {
    this.#kept = true;
    this.connection.keep(this);
  }

  /** Resolves when what is wanted now has been said; throws why it could not be. */
  protected async settle(): Promise<void> {
    await this.connection.open();
    if (!this.#kept) this.keep();
    await this.#next();
  }

  /** Says it again, in the background. */
  protected refresh(): void {
    clearTimeout(this.#timer);
    this.#next().then(
      () => {
        this.#failures = 0;
      },
      (error: unknown) => this.#retry(error),
    );
  }

  /** One after the other; who comes while one waits gets that one. */
  #next(): Promise<void> {
    this.#waiting ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#waiting = undefined;
        this.#running = this.#closed ? Promise.resolve() : this.say();
        return this.#running;
      });
    return this.#waiting;
  }

  #retry(error: unknown): void {
    if (this.#closed || this.connection.closed) return;
    this.#failures++;
    if (this.#failures === 1) this.log?.warn({ error, subject: this.subject }, 'not kept up, it is tried again');
    this.#timer = setTimeout(() => this.refresh(), backOffMs(this.#failures, BACK_OFF));
  }
}
