import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../errors.ts';
import { LIMIT_BYTES } from '../settings/check-settings.ts';
import type { Publication } from '../settings/release-rows.ts';
import type { GitSource } from './git-source.ts';
import { namespaceFiles, writtenByFiles } from './repository-files.ts';
import { runGit } from './run-git.ts';

const ASK_MS = 20_000;
const FETCH_MS = 120_000;
const READ_MS = 20_000;
const MOST_FILES = 2_000;
const MOST_LISTED_BYTES = 16 * 1024 * 1024;
const MOST_READ_BYTES = 32 * 1024 * 1024;

/** What a repository's branches and tags point at. */
export interface Heads {
  /** The branch that is meant where none is named. */
  readonly head: string | undefined;
  /** Commits by name of branch or tag. */
  readonly commits: ReadonlyMap<string, string>;
}

/**
 * A copy of a repository without a work tree. Files are read by the id of their content, so no path of a push ever reaches
 * the file system, and links are not followed.
 */
export class GitRepository {
  readonly #folder: string;
  #fetching: Promise<void> | undefined;

  constructor(
    private readonly source: GitSource,
    home: string,
    private readonly signal: AbortSignal,
  ) {
    this.#folder = join(home, encodeURIComponent(source.environment));
  }

  /** Asks the repository itself. */
  async heads(): Promise<Heads> {
    const text = await this.#run(['ls-remote', '--symref', '--', this.source.url], ASK_MS, MOST_LISTED_BYTES);
    const [commits, tags] = [new Map<string, string>(), new Map<string, string>()];
    let head: string | undefined;
    for (const line of text.toString().split('\n')) {
      const [what = '', ref = ''] = line.split('\t');
      if (ref === 'HEAD' && what.startsWith('ref: refs/heads/')) head = what.slice('ref: refs/heads/'.length);
      const [, kind, name] = /^refs\/(heads|tags)\/(.+?)(?:\^\{\})?$/.exec(ref) ?? [];
      // Of an annotated tag the commit comes last, as `name^{}`.
      if (name !== undefined) (kind === 'heads' ? commits : tags).set(name, what);
    }
    // A branch wins over a tag of its name.
    return { head, commits: new Map([...tags, ...commits]) };
  }

  /** Brings the copy up to date; calls at one time are one. */
  async fetch(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  /** The whole id of a commit that the copy has; undefined where it has none. */
  async commit(id: string): Promise<string | undefined> {
    if (!existsSync(this.#folder)) await this.fetch();
    const args = ['rev-parse', '--quiet', '--verify', '--end-of-options', `${id}^{commit}`];
    return this.#in(args, 1_000).then(
      (text) => text.toString().trim(),
      () => undefined,
    );
  }

  /** The first line of a commit's message. */
  async subject(commit: string): Promise<string> {
    return (await this.#in(['show', '-s', '--format=%s', commit], 1024 * 1024)).toString().trim();
  }

  /** What the files of a commit write, by namespace. */
  async read(commit: string): Promise<Map<string, Publication>> {
    const listed = await this.#in(['ls-tree', '-r', '-l', '-z', '--full-tree', commit], MOST_LISTED_BYTES);
    const sizes = new Map<string, number>();
    const blobs = listed
      .toString()
      .split('\0')
      .flatMap((line) => {
        // Files only: no links, no other repositories.
        const [, id, size, path] = /^100(?:644|755) blob ([0-9a-f]+) +(\d+)\t(.+)$/s.exec(line) ?? [];
        if (id === undefined || path === undefined) return [];
        sizes.set(id, Number(size));
        return [{ path, id }];
      });
    const files = namespaceFiles(blobs, this.source.search);
    if (files.length > MOST_FILES) throw errors.gitFailed(`it has more than ${MOST_FILES} files of settings`);
    for (const { path, id } of files) {
      if ((sizes.get(id) ?? 0) > LIMIT_BYTES) throw errors.gitFailed(`${path} has more than ${LIMIT_BYTES} bytes`);
    }
    const contents = await this.#contents([...new Set(files.map(({ id }) => id))]);
    return writtenByFiles(files, (id) => contents.get(id) ?? '');
  }

  async #contents(ids: readonly string[]): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    if (ids.length === 0) return contents;
    const printed = await this.#in(['cat-file', '--batch'], MOST_READ_BYTES, ids.join('\n'));
    for (let at = 0; at < printed.length; ) {
      const end = printed.indexOf('\n', at);
      const [id = '', , size = '0'] = printed.toString('latin1', at, end).split(' ');
      contents.set(id, printed.toString('utf8', end + 1, end + 1 + Number(size)));
      at = end + 1 + Number(size) + 1;
    }
    return contents;
  }

  async #fetch(): Promise<void> {
    if (!existsSync(this.#folder)) await this.#run(['init', '--quiet', '--bare', '--', this.#folder], READ_MS, 1_000);
    const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
    const args = ['-C', this.#folder, 'fetch', '--quiet', '--prune', '--no-auto-gc', '--', this.source.url, ...refs];
    await this.#run(args, FETCH_MS, 1024 * 1024);
  }

  #in(args: readonly string[], mostBytes: number, input = ''): Promise<Buffer> {
    return this.#run(['-C', this.#folder, ...args], READ_MS, mostBytes, input);
  }

  #run(args: readonly string[], deadlineMs: number, mostBytes: number, input = ''): Promise<Buffer> {
    const { credentials } = this.source;
    return runGit(args, { deadlineMs, mostBytes, credentials, input, signal: this.signal });
  }
}
