import type { Logger } from '@rookery/observability';
import type { RegistryState } from '../domain/registry-state.ts';
import type { Journal, Journals } from './journal.ts';
import type { SnapshotFile } from './snapshot-file.ts';

/** Changes that come within this time are written together. */
const DEBOUNCE_MS = 100;
/** Pause after a write that failed. */
const RETRY_MS = 2_000;
/** A journal is replaced by a snapshot when it is so long, and longer than the snapshot before it. */
const SHORTEST_JOURNAL_BYTES = 1_000_000;

export interface PersistenceOptions {
  state: RegistryState;
  snapshot: SnapshotFile;
  journals: Journals;
  /** Number of the first journal that this writes. */
  nextJournal: number;
  logger: Pick<Logger, 'warn' | 'info'>;
  shortestJournalBytes?: number;
}

/**
 * Keeps what is on the disk up to date. What changed is appended to a journal soon after, whatever else there is; from time
 * to time a snapshot takes the place of the journals before it, while the next one goes on.
 */
export class Persistence {
  readonly #options: PersistenceOptions;
  readonly #stopListening: () => void;
  #nextJournal: number;
  #journal: Journal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #snapshotting: Promise<void> | undefined;
  #longestBytes: number;
  /** A change did not reach a journal: only a snapshot has it. */
  #owesSnapshot = false;
  #failing = false;
  #closed = false;

  constructor(options: PersistenceOptions) {
    this.#options = options;
    this.#nextJournal = options.nextJournal;
    this.#longestBytes = options.shortestJournalBytes ?? SHORTEST_JOURNAL_BYTES;
    this.#stopListening = options.state.changes.onChange(() => this.#schedule(DEBOUNCE_MS));
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
    await this.#snapshotting;
    await this.#journal?.close();
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => void this.flush(), afterMs);
  }

  async #write(): Promise<void> {
    const change = this.#options.state.takeChange();
    try {
      if (change) {
        this.#journal ??= await this.#options.journals.begin(this.#nextJournal++);
        await this.#journal.append(change);
      }
      if (this.#snapshotting) return;
      if (this.#owesSnapshot || (this.#journal?.bytes ?? 0) > this.#longestBytes) await this.#beginSnapshot();
    } catch (error) {
      this.#owesSnapshot = true;
      this.#failed(error);
      // What a failed write left in it must not stand before other lines.
      await this.#journal?.close().catch(() => {});
      this.#journal = undefined;
    }
  }

  /** From here on changes go to the next journal, and the snapshot has all before. */
  async #beginSnapshot(): Promise<void> {
    const { state, snapshot, journals } = this.#options;
    const before = this.#journal;
    const journal = await journals.begin(this.#nextJournal++);
    this.#journal = journal;
    await before?.close();
    const write = async (): Promise<void> => {
      const bytes = await snapshot.write(state.save(), journal.number);
      this.#longestBytes = Math.max(this.#options.shortestJournalBytes ?? SHORTEST_JOURNAL_BYTES, bytes);
      this.#owesSnapshot = false;
      await journals.removeBefore(journal.number);
      this.#succeeded();
    };
    this.#snapshotting = write()
      .catch((error: unknown) => {
        this.#owesSnapshot = true;
        this.#failed(error);
      })
      .finally(() => {
        this.#snapshotting = undefined;
      });
  }

  #succeeded(): void {
    if (this.#failing) this.#options.logger.info({ folder: this.#options.journals.folder }, 'state written again');
    this.#failing = false;
  }

  #failed(error: unknown): void {
    const { logger, journals } = this.#options;
    if (!this.#failing) logger.warn({ folder: journals.folder, error }, 'state not written, trying again');
    this.#failing = true;
    this.#schedule(RETRY_MS);
  }
}
