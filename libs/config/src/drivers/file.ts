import { type FSWatcher, watch as watchFolder } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { RookeryError } from '@rookery/observability';
import type { ConfigSource, SettingsTree, Snapshot } from '../config.ts';
import { errors } from '../errors.ts';
import { formatOfName } from '../formats/format.ts';
import { parseFormat } from '../formats/parse-format.ts';

export interface FileSourceOptions {
  /** How often the file is read even when the folder is silent (network file systems), in ms; 5000. */
  rereadMs?: number;
}

const EXTENSIONS = ['.yaml', '.yml', '.json', '.toml', '.properties'];
const SETTLE_MS = 30;

/**
 * Settings from a YAML, JSON, TOML or .properties file (told by its ending; YAML otherwise), followed through its folder, so that a rename over it and the symbolic links of a
 * Kubernetes ConfigMap count as changes. A folder stands for `<folder>/<service>.yaml` (`.yml`, `.json`, `.toml`, `.properties`), which need not
 * exist. Versions count the changes that this process has seen. What it cannot do: tell who changed what.
 */
export function fileSource(path: string, service: string, options: FileSourceOptions = {}): ConfigSource {
  return new FileSource(resolve(path), service, options);
}

class FileSource implements ConfigSource {
  readonly name: string;
  readonly #path: string;
  readonly #service: string;
  readonly #rereadMs: number;
  readonly #watches = new Set<{ close(): void }>();
  #text: string | undefined;
  #settings: SettingsTree = {};
  #isText = false;
  #version = 0;

  constructor(path: string, service: string, { rereadMs = 5_000 }: FileSourceOptions) {
    this.name = `file ${path}`;
    this.#path = path;
    this.#service = service;
    this.#rereadMs = rereadMs;
  }

  async load(): Promise<Snapshot> {
    const { text, file } = await this.#read();
    // Reading it again costs little; parsing a long one does not.
    if (text !== this.#text) {
      const format = formatOfName(file)?.format ?? 'yaml';
      this.#settings = parseFormat(format, text, `file ${file}`);
      this.#isText = format === 'properties';
      this.#text = text;
      this.#version += text === '' && this.#version === 0 ? 0 : 1;
    }
    return { version: this.#version, settings: this.#settings, ...(this.#isText && { text: true }) };
  }

  watch(listener: (snapshot: Snapshot) => void, onProblem?: (problem: RookeryError) => void): { close(): void } {
    let folder: FSWatcher | undefined;
    let watched: number | undefined;
    let settling: NodeJS.Timeout | undefined;
    let problem: string | undefined;
    let handed = this.#version;
    let closed = false;
    let reading = Promise.resolve();

    const read = async () => {
      if (closed) return;
      try {
        const snapshot = await this.load();
        problem = undefined;
        if (closed || snapshot.version <= handed) return;
        handed = snapshot.version;
        listener(snapshot);
      } catch (error) {
        if (closed || !(error instanceof RookeryError) || error.message === problem) return;
        problem = error.message;
        onProblem?.(error);
      }
    };
    const enqueue = () => {
      reading = reading.then(read);
    };
    const open = async () => {
      const target = (await isFolder(this.#path)) ? this.#path : dirname(this.#path);
      const inode = await inodeOf(target);
      if (closed || (folder && inode === watched)) return;
      folder?.close();
      watched = inode;
      try {
        folder = watchFolder(target, () => {
          clearTimeout(settling);
          settling = setTimeout(enqueue, SETTLE_MS);
        });
        folder.on('error', () => {
          folder?.close();
          folder = undefined;
        });
        enqueue();
      } catch {
        folder = undefined;
      }
    };
    void open();
    const rereading = setInterval(() => {
      void open();
      enqueue();
    }, this.#rereadMs);

    const watch = {
      close: () => {
        closed = true;
        clearInterval(rereading);
        clearTimeout(settling);
        folder?.close();
        this.#watches.delete(watch);
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  async close(): Promise<void> {
    for (const watch of this.#watches) watch.close();
  }

  async #read(): Promise<{ file: string; text: string }> {
    try {
      if (!(await isFolder(this.#path))) return { file: this.#path, text: await readFile(this.#path, 'utf8') };
      for (const extension of EXTENSIONS) {
        const file = join(this.#path, this.#service + extension);
        const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        });
        if (text !== undefined) return { file, text };
      }
      return { file: this.#path, text: '' };
    } catch (error) {
      throw errors.unreachable(this.name, error);
    }
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const inodeOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ ino }) => ino,
    () => undefined,
  );
