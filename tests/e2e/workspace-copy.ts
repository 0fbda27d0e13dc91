import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';

const WORKSPACE = resolve(import.meta.dirname, '../..');
/** What belongs to the original and not to its sources. */
const LEFT_OUT = new Set(['node_modules', '.git', '.rookery', '.nx', 'coverage'].map((name) => join(WORKSPACE, name)));

/** What a command said, and how it ended. */
export interface Outcome {
  code: number | null;
  output: string;
}

/** A copy of this workspace that a test may change as it likes. */
export class WorkspaceCopy {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<WorkspaceCopy> {
    const root = mkdtempSync(join(tmpdir(), 'rookery-workspace-'));
    chmodSync(root, 0o755);
    const copy = new WorkspaceCopy(root);
    await cp(WORKSPACE, root, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      filter: (source) => !LEFT_OUT.has(source),
    });
    await copy.#linkModules();
    await copy.#commit();
    return copy;
  }

  /** What differs from the original, as git says it: nothing when it is empty. */
  changes(): Promise<string> {
    return this.mustRun('git', 'status', '--porcelain');
  }

  /** Runs a program of node_modules/.bin or PATH in the copy, with Node's own version first on PATH. */
  async run(program: string, ...args: string[]): Promise<Outcome> {
    const child = spawn(program, args, { cwd: this.root, env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    const { promise, resolve: ended, reject } = Promise.withResolvers<number | null>();
    child.on('error', reject);
    child.on('close', ended);
    const code = await promise;
    return { code, output: Buffer.concat(chunks).toString('utf8') };
  }

  /** As {@link run}; throws what the command said when it fails. */
  async mustRun(program: string, ...args: string[]): Promise<string> {
    const { code, output } = await this.run(program, ...args);
    if (code !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${code}:\n${output.slice(-8_000)}`);
    return output;
  }

  async #commit(): Promise<void> {
    await this.mustRun('git', 'init', '--quiet');
    await this.mustRun('git', 'add', '--all');
    const author = ['-c', 'user.name=suite', '-c', 'user.email=suite@localhost'];
    await this.mustRun('git', ...author, 'commit', '--quiet', '--no-verify', '--message', 'as it is');
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${join(this.root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
      NODE_OPTIONS: '',
      VITEST: '',
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_prefer_offline: 'true',
    };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Hard links of the packages; true copies of what npm writes in place. Links to projects are relative: they stay inside. */
  async #linkModules(): Promise<void> {
    const [from, to] = [join(WORKSPACE, 'node_modules'), join(this.root, 'node_modules')];
    const { status } = spawnSync('cp', ['-al', from, to], { stdio: 'ignore' });
    if (status !== 0) {
      rmSync(to, { recursive: true, force: true });
      await cp(from, to, { recursive: true, verbatimSymlinks: true });
    }
    for (const entry of readdirSync(to, { withFileTypes: true })) {
      if (!entry.name.startsWith('.') || entry.name === '.bin') continue;
      rmSync(join(to, entry.name), { recursive: true });
      if (entry.isFile()) copyFileSync(join(from, entry.name), join(to, entry.name));
    }
  }
}
