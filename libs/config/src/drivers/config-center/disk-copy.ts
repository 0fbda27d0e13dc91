import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Snapshot } from '../../config.ts';
import { releaseOnWire } from './wire.ts';

/**
 * The last applied release, kept for a start without the centre. One file per centre, namespace, group and service;
 * readable by its owner only, since settings may hold secrets.
 */
export class DiskCopy {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(home: string, address: string, key: readonly string[]) {
    const centre = createHash('sha256').update(address).digest('hex').slice(0, 8);
    this.#path = join(home, 'config', `${key.join('.')}.${centre}.json`);
  }

  /** The copy; undefined where there is none that can be read. */
  async read(): Promise<Snapshot | undefined> {
    try {
      return releaseOnWire.parse(JSON.parse(await readFile(this.#path, 'utf8')));
    } catch {
      return undefined;
    }
  }

  /** Replaces the copy in one step; writes come to the disk in the order of the calls. */
  write({ version, settings, text }: Snapshot): Promise<void> {
    const writing = this.#writing
      .catch(() => {})
      .then(async () => {
        const draft = `${this.#path}.${randomUUID()}.tmp`;
        await mkdir(dirname(this.#path), { recursive: true });
        await writeFile(draft, JSON.stringify({ version, settings, text }), { mode: 0o600 });
        await rename(draft, this.#path);
      });
    this.#writing = writing;
    return writing;
  }
}
