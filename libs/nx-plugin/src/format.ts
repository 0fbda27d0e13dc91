import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Puts line breaks and imports in order, so that the lint has nothing to say. */
export function format(root: string, files: string[]): void {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const { status, stderr } = spawnSync(process.execPath, [biome, 'check', '--write', '--colors=off', ...files], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The files were written, but biome has something to say of them:\n${stderr}`);
}
