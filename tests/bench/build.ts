import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Builds all apps and libraries, so that a part runs as it is shipped, not from its source; what is built already is left. */
export function build(): void {
  const args = ['run-many', '-t', 'build', '--outputStyle=static'];
  const built = spawnSync(`${ROOT}/node_modules/.bin/nx`, args, { cwd: ROOT, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`);
}
