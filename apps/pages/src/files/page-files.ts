import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { type Address, keyOf } from '../pages/address.ts';
import type { Page } from '../pages/page.ts';
import { PagesSettings } from '../settings.ts';
import { PageRenderer } from '../template/page-renderer.ts';

const VERSION = /<meta name="page-version" content="(\d+)">/;

/** The pages as files: `en/index.html`, `en/films/page-1.html`, `en/films/film-0001.html`. One process writes a folder. */
@Injectable()
export class PageFiles {
  /** The last write of each file that is under way, so that two never compare with the same file. */
  readonly #writing = new Map<string, Promise<unknown>>();
  #written = 0;

  constructor(
    @Inject(PagesSettings) private readonly settings: PagesSettings,
    @Inject(PageRenderer) private readonly renderer: PageRenderer,
  ) {}

  /** Writes the page's file unless the one there is newer, or the same; true when it was written. */
  async put(address: Address, page: Page): Promise<boolean> {
    const path = this.pathOf(address);
    const before = this.#writing.get(path);
    const write = (async () => {
      await before?.catch(() => {});
      return this.#replace(path, page);
    })();
    this.#writing.set(path, write);
    try {
      return await write;
    } finally {
      if (this.#writing.get(path) === write) this.#writing.delete(path);
    }
  }

  pathOf(address: Address): string {
    const key = keyOf(address);
    return join(this.settings.folder, `${key.endsWith('/') ? `${key}index` : key}.html`);
  }

  async #replace(path: string, page: Page): Promise<boolean> {
    const html = this.renderer.render(page);
    const there = await readFile(path, 'utf8').catch(() => undefined);
    if (there === html || (there !== undefined && versionOf(there) > page.version)) return false;
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${process.pid}-${this.#written++}.tmp`;
    try {
      const file = await open(temporary, 'w', 0o644);
      try {
        await file.writeFile(html);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
    return true;
  }
}

const versionOf = (html: string): number => Number(VERSION.exec(html)?.[1] ?? 0);

/** The rename itself outlives a power cut only when the folder was synchronised. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
