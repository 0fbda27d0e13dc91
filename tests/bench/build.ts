import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds what a part runs as it is shipped, not from its source. @param projects names with commas; all when not given */
export function build(projects?: string): void {
  const args = ['run-many', '-t', 'build', ...(projects ? ['-p', projects] : []), '--outputStyle=static'];
  const built = spawnSync(`${ROOT}/node_modules/.bin/nx`, args, { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
}
