import type { Logger } from '@rookery/observability';
import type { RegistryState } from '../domain/registry-state.ts';
import type { SnapshotFile } from './snapshot-file.ts';

/** Changes that come within this time share one snapshot. */
const DEBOUNCE_MS = 100;
/** Pause after a write that failed. */
const RETRY_MS = 2_000;

/** Keeps the snapshot up to date: soon after each change, one write at a time, and at the end once more. */
export class Snapshots {
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #savedIndex: number;
  #failing = false;
  #closed = false;
  readonly #stopListening: () => void;

  constructor(
    private readonly state: RegistryState,
    private readonly file: SnapshotFile,
    private readonly logger: Pick<Logger, 'warn' | 'info'>,
  ) {
    this.#savedIndex = state.changes.last;
    this.#stopListening = state.changes.onChange(() => this.#schedule(DEBOUNCE_MS));
  }

  /** Writes what is not written yet, now. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    await this.flush();
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.flush(), afterMs);
  }

  async #write(): Promise<void> {
    const saved = this.state.save();
    if (saved.index === this.#savedIndex) return;
    try {
      await this.file.write(saved);
      this.#savedIndex = saved.index;
      if (this.#failing) this.logger.info({ file: this.file.path }, 'snapshot written again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.logger.warn({ file: this.file.path, error }, 'snapshot not written, trying again');
      this.#failing = true;
      this.#schedule(RETRY_MS);
    }
  }
}
