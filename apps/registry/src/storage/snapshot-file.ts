import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SavedState } from '../domain/registry-state.ts';

/** What was found at the start. */
export type FoundSnapshot =
  | { found: 'nothing' }
  | { found: 'state'; state: SavedState }
  /** Not readable as a snapshot; put aside under that name. */
  | { found: 'damage'; putAside: string; reason: string };

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
      return { found: 'state', state: parse(text) };
    } catch (error) {
      const putAside = `${this.path}.damaged-${Date.now()}`;
      await rename(this.path, putAside);
      return { found: 'damage', putAside, reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async write(state: SavedState): Promise<void> {
    const folder = dirname(this.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const written = `${this.path}.new`;
    await using file = await open(written, 'w', 0o600);
    await file.writeFile(JSON.stringify(state));
    await file.sync();
    await rename(written, this.path);
    await using entry = await open(folder, 'r');
    await entry.sync().catch(() => {});
  }
}

function parse(text: string): SavedState {
  const state = JSON.parse(text) as Partial<SavedState> | null;
  if (state?.version !== 1) throw new Error(`its version is ${JSON.stringify(state?.version)}, known is 1`);
  const { services, checks, keys, sessions, index } = state;
  if (![services, checks, keys, sessions].every(Array.isArray) || !Number.isSafeInteger(index)) {
    throw new Error('a part of it is missing');
  }
  return state as SavedState;
}
