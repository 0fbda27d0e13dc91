import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WHO = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-c', 'commit.gpgsign=false'];

export type BareRepository = Awaited<ReturnType<typeof startBareRepository>>;

/** A real bare repository, and a clone that pushes to it. */
export async function startBareRepository() {
  const home = await mkdtemp(join(tmpdir(), 'rookery-git-spec-'));
  const [bare, clone] = [join(home, 'settings.git'), join(home, 'clone')];
  const git = async (...args: string[]) => (await run('git', ['-C', clone, ...WHO, ...args])).stdout.trim();
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  await run('git', ['init', '-q', '-b', 'main', clone]);
  return {
    bare,
    url: `file://${bare}`,
    clone,
    git,
    /** Writes files (null removes one), commits and pushes; answers the commit. */
    async push(files: Record<string, string | null>, branch = 'main'): Promise<string> {
      for (const [path, text] of Object.entries(files)) {
        if (text === null) await rm(join(clone, path));
        else {
          await mkdir(dirname(join(clone, path)), { recursive: true });
          await writeFile(join(clone, path), text);
        }
      }
      await git('add', '-A');
      await git('commit', '-q', '-m', `change ${Object.keys(files).join(', ')}`);
      await git('push', '-q', '-f', bare, `HEAD:refs/heads/${branch}`);
      return git('rev-parse', 'HEAD');
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
