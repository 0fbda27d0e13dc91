import { basename, join, relative, sep } from 'node:path';
import { watch } from 'chokidar';
import { messageOf } from '../failure.ts';
import type { Output } from '../output/output.ts';
import type { Platform } from '../platform/platform.ts';
import { compileFiles } from '../workspace/compile.ts';
import { affectedApps } from '../workspace/dependencies.ts';
import type { Project } from '../workspace/projects.ts';

/** Editors write a file in several steps. */
const SETTLE_MS = 40;
/** How long an app may drain before its new version starts. */
const DRAIN_MS = 1_000;

const EVENTS = new Set(['add', 'change', 'unlink']);

export interface DevOptions {
  root: string;
  output: Output;
  platform: Platform;
  projects: readonly Project[];
}

/** Rebuilds the project whose file changed and restarts the apps that run its code; with a build error the old ones run on. */
export function watchSources({ root, output, platform, projects }: DevOptions): { close(): Promise<void> } {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> = Promise.resolve();
  const watcher = watch(
    projects.flatMap(({ directory }) => [join(directory, 'src'), join(directory, 'proto')]),
    { ignoreInitial: true, ignored: (path, facts) => facts?.isFile() === true && !isSource(path) },
  );
  watcher.on('all', (event, file) => {
    if (!EVENTS.has(event) || !isSource(file)) return;
    changed.add(file);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const files = [...changed];
      changed.clear();
      working = working.then(() => apply(files));
    }, SETTLE_MS);
  });
  watcher.on('ready', () => output.notice('watching for changes'));
  watcher.on('error', (error) => output.notice(`Watching the sources failed: ${messageOf(error)}`));

  const apply = async (files: readonly string[]) => {
    const startedAtMs = Date.now();
    const touched = projects.filter((project) => files.some((file) => isIn(project.directory, file)));
    try {
      for (const project of touched) {
        await compileFiles(
          root,
          project,
          files.filter((file) => isIn(join(project.directory, 'src'), file)),
        );
      }
    } catch (error) {
      output.notice(`Build error; the processes run on as they are.\n${messageOf(error)}`);
      return;
    }
    const running = new Set(platform.processes.map(({ spec }) => spec.name));
    const apps = affectedApps(new Set(touched.map(({ packageName }) => packageName)), projects).filter((name) =>
      running.has(name),
    );
    const what = files.map((file) => relative(root, file)).join(', ');
    if (apps.length === 0) return;
    output.notice(`${what} changed; restarting ${apps.join(', ')}`);
    await platform.command('restart', apps, DRAIN_MS);
    const ready = await platform.settled(apps);
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    if (ready) output.notice(`${apps.join(', ')} ${apps.length > 1 ? 'are' : 'is'} ready again after ${seconds} s`);
  };

  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}

/** Not what editors and tools leave beside the sources for a moment: hidden, backup and nameless files. */
export function isSource(file: string): boolean {
  return /^[^.].*\.[a-z]+$/.test(basename(file)) && !/\.(spec\.ts|swp|tmp|bak|orig)$/.test(file);
}

function isIn(folder: string, file: string): boolean {
  return file.startsWith(folder + sep);
}
