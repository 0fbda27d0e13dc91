import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Failure, messageOf } from '../failure.ts';
import { compileProject } from './compile.ts';
import { BuildStamps } from './fingerprint.ts';
import type { Project } from './projects.ts';

export interface BuildOptions {
  root: string;
  projects: readonly Project[];
  signal?: AbortSignal;
  onStep(text: string): void;
}

/** Brings the dist of the projects up to date: nothing when none has changed, else through Nx and its cache. */
export async function build({ root, projects, signal, onStep }: BuildOptions): Promise<void> {
  const stamps = new BuildStamps(root);
  const stale = stamps.stale(projects);
  if (stale.length === 0) return;
  onStep(`building ${stale.length > 4 ? `${stale.length} projects` : stale.map(({ name }) => name).join(', ')}`);
  if (existsSync(join(root, 'nx.json'))) await buildWithNx(root, stale, signal);
  else await Promise.all(stale.map((project) => compile(root, project)));
  stamps.built(stale);
}

async function compile(root: string, project: Project): Promise<void> {
  await compileProject(root, project).catch((error: unknown) => {
    throw new Failure(`The build failed.\n${messageOf(error)}`);
  });
}

async function buildWithNx(root: string, projects: readonly Project[], signal?: AbortSignal): Promise<void> {
  const nx = createRequire(join(root, 'package.json'));
  const manifest = nx.resolve('nx/package.json');
  const { bin } = nx(manifest) as { bin: { nx: string } };
  const names = projects.map(({ packageName }) => packageName).join(',');
  const child = spawn(
    process.execPath,
    [join(dirname(manifest), bin.nx), 'run-many', '-t', 'build', '-p', names, '--outputStyle=static'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // No daemon: nothing may outlive the command. Plugins inside Nx's own process start it twice as fast.
      env: {
        ...process.env,
        NX_DAEMON: 'false',
        NX_ISOLATE_PLUGINS: 'false',
        NX_TUI: 'false',
        NO_COLOR: '1',
        FORCE_COLOR: '0',
      },
      ...(signal && { signal }),
    },
  );
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => output.push(text));
  const code = await new Promise((resolve) => {
    child.once('error', resolve);
    child.once('close', resolve);
  });
  if (code === 0 || signal?.aborted) return;
  throw new Failure(`The build failed.\n${withoutNoise(output.join(''))}`);
}

/** What the compiler said, without what Nx says around it. */
export function withoutNoise(text: string): string {
  return text
    .split('\n')
    .filter(
      (line) =>
        !/^\s*$|^ ?NX |^> (nx run|swc )|Run duration|Cache:|Critical path|Recoverable|^\s*- @?\w|Failed tasks|Hint:|^Successfully compiled|^—+/i.test(
          line.trimEnd(),
        ),
    )
    .join('\n');
}
