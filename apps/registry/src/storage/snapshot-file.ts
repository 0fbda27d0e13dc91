import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SavedState } from '../domain/registry-state.ts';

/** What was found at the start. */
export type FoundSnapshot =
  | { found: 'nothing' }
  | { found: 'state'; state: SavedState; journal: number }
  /** Not readable as a snapshot; put aside under that name. */
  | { found: 'damage'; putAside: string; reason: string };

/** Records that are turned into text at one go: a few milliseconds, after which others have their turn. */
const RECORDS_AT_ONCE = 250;

/** One JSON file that is whole at every moment: written beside, synced, renamed over. */
export class SnapshotFile {
  constructor(readonly path: string) {}

  async read(): Promise<FoundSnapshot> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { found: 'nothing' };
      throw error;
    }
    try {
      return { found: 'state', ...parse(text) };
    } catch (error) {
      const putAside = `${this.path}.damaged-${Date.now()}`;
      await rename(this.path, putAside);
      return { found: 'damage', putAside, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  /**
   * Others work on between its pieces: a record is written as it is when its turn comes, and the journal that begins before
   * this says what changed meanwhile.
   * @param journal number of the first journal that goes on from here
   * @returns how long it is
   */
  async write({ version, index, ...records }: SavedState, journal: number): Promise<number> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const written = `${this.path}.new`;
    await using file = await open(written, 'w', 0o600);
    await file.write(JSON.stringify({ version, index, journal }).slice(0, -1));
    for (const [name, all] of Object.entries(records)) {
      await file.write(`,${JSON.stringify(name)}:[`);
      for (let at = 0; at < all.length; at += RECORDS_AT_ONCE) {
        const piece = JSON.stringify(all.slice(at, at + RECORDS_AT_ONCE)).slice(1, -1);
        await file.write(at === 0 ? piece : `,${piece}`);
      }
      await file.write(']');
    }
    await file.write('}');
    await file.sync();
    await rename(written, this.path);
    await using entry = await open(folder, 'r');
    await entry.sync().catch(() => {});
    return (await stat(this.path)).size;
  }
}

function parse(text: string): { state: SavedState; journal: number } {
  const { journal = 0, ...state } = (JSON.parse(text) ?? {}) as Partial<SavedState> & { journal?: number };
  if (state.version !== 1) throw new Error(`its version is ${JSON.stringify(state.version)}, known is 1`);
  const { services, checks, keys, sessions, index } = state;
  if (![services, checks, keys, sessions].every(Array.isArray) || !Number.isSafeInteger(index)) {
    throw new Error('a part of it is missing');
  }
  return { state: state as SavedState, journal };
}
