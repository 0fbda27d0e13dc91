import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateChange } from '../domain/registry-state.ts';

const NAME = /^registry\.journal-(\d{1,12})$/;

/** What a journal holds, in order. */
export interface ReadJournal {
  changes: StateChange[];
  /** Why it could not be read to its end; a last line that was torn by a kill is none. */
  damage?: string;
}

/** The journals of a folder: files with one change a line, numbered in their order. */
export class Journals {
  constructor(readonly folder: string) {}

  pathOf(number: number): string {
    return join(this.folder, `registry.journal-${number}`);
  }

  async numbers(): Promise<number[]> {
    const names = await readdir(this.folder).catch(() => []);
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async read(number: number): Promise<ReadJournal> {
    const lines = (await readFile(this.pathOf(number), 'utf8')).split('\n');
    // What follows the last line's end was being written when the process ended.
    lines.pop();
    const changes: StateChange[] = [];
    for (const line of lines) {
      try {
        changes.push(parse(line));
      } catch (error) {
        return { changes, damage: `line ${changes.length + 1}: ${error instanceof Error ? error.message : error}` };
      }
    }
    return { changes };
  }

  /** A new one, to be appended to. */
  async begin(number: number): Promise<Journal> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    return new Journal(await open(this.pathOf(number), 'w', 0o600), number);
  }

  /** Where it is put aside. */
  async putAside(number: number): Promise<string> {
    const path = `${this.pathOf(number)}.damaged-${Date.now()}`;
    await rename(this.pathOf(number), path);
    return path;
  }

  async removeBefore(number: number): Promise<void> {
    for (const each of await this.numbers()) if (each < number) await rm(this.pathOf(each), { force: true });
  }
}

/** The journal that is being written. */
export class Journal {
  #bytes = 0;

  constructor(
    private readonly file: FileHandle,
    readonly number: number,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves when it is on the disk. */
  async append(change: StateChange): Promise<void> {
    const { bytesWritten } = await this.file.write(`${JSON.stringify(change)}\n`);
    this.#bytes += bytesWritten;
    await this.file.datasync();
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function parse(line: string): StateChange {
  const change = JSON.parse(line) as Partial<StateChange> | null;
  const { index, services, checks, keys, sessions } = change ?? {};
  if (![services, checks, keys, sessions].every(Array.isArray) || !Number.isSafeInteger(index))
    throw new Error('a part of it is missing');
  return change as StateChange;
}
