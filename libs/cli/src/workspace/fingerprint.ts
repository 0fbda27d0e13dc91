import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Project } from './projects.ts';

const STAMPS = join('node_modules', '.cache', 'rookery', 'built.json');
const SOURCES = ['src', 'proto'];
/** Type checking writes these beside the build. */
const NOT_BUILT = /\.d\.ts$|\.map$|\.tsbuildinfo$/;

/** Remembers what each project looked like right after its build, so that an unchanged one needs no build tool to be started. */
export class BuildStamps {
  readonly #file: string;
  readonly #root: string;
  readonly #seen = new Map<string, string>();
  #stamps: Record<string, string>;

  constructor(root: string) {
    this.#root = root;
    this.#file = join(root, STAMPS);
    this.#stamps = readStamps(this.#file);
  }

  /** The projects whose sources or outputs differ from those of their last build here. */
  stale(projects: readonly Project[]): Project[] {
    return projects.filter((project) => {
      const sources = this.#sources(project);
      this.#seen.set(project.packageName, sources);
      return this.#stamps[project.packageName] !== `${sources} ${outputs(project)}`;
    });
  }

  /** Notes a build of what {@link stale} saw; sources that changed meanwhile are stale again. */
  built(projects: readonly Project[]): void {
    const fresh = projects.map((project) => [
      project.packageName,
      `${this.#seen.get(project.packageName) ?? this.#sources(project)} ${outputs(project)}`,
    ]);
    this.#stamps = { ...readStamps(this.#file), ...Object.fromEntries(fresh) };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, JSON.stringify(this.#stamps, null, 1));
  }

  #sources({ directory }: Project): string {
    const files = SOURCES.flatMap((folder) => filesIn(join(directory, folder)));
    return digest([join(this.#root, '.swcrc'), join(directory, 'package.json'), ...files]);
  }
}

function outputs({ directory }: Project): string {
  return digest(filesIn(join(directory, 'dist')).filter((file) => !NOT_BUILT.test(file)));
}

function digest(files: readonly string[]): string {
  const hash = createHash('sha1');
  for (const file of files) hash.update(facts(file));
  return hash.digest('base64url');
}

function facts(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file);
    return `${file}\n${mtimeMs}\n${size}\n`;
  } catch {
    return `${file}\n`;
  }
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function readStamps(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
