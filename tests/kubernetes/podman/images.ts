import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { WORKSPACE } from '../render.ts';
import type { Podman } from './podman.ts';

/** Builds the images of the apps with deploy/docker/Dockerfile, on a base of this Debian's packages, and without a network. */
export async function buildImages(podman: Podman, images: ReadonlyMap<string, string>): Promise<void> {
  const root = join(podman.home, 'root');
  const assembled = join(podman.home, 'assembled');
  const nothing = join(podman.home, 'nothing');
  mkdirSync(join(nothing, 'app'), { recursive: true });
  run('deploy/docker/base', process.execPath, root);
  run(process.execPath, 'deploy/docker/assemble.js', join(root, 'app'));
  for (const app of images.keys()) {
    const folder = join(assembled, app);
    run(process.execPath, 'deploy/docker/assemble.js', folder, app);
    run('cp', '-al', '--remove-destination', `${folder}/.`, join(root, 'app'));
  }
  // What the Dockerfile's stages would bring stands in the base already: podman copies a file for a layer several times.
  const tar = spawn('tar', ['-c', '-C', root, '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
  await podman.run(['import', '--quiet', '--change', 'ENV PATH=/usr/local/bin:/usr/bin:/bin', '-', 'base'], tar.stdout);
  for (const [app, image] of images) {
    const args = { BASE: 'localhost/base', APP: app };
    await podman.run([
      ...['build', '--quiet', '--layers=false', '--network', 'none', '--format', 'docker', '--tag', image],
      ...['--file', join(WORKSPACE, 'deploy/docker/Dockerfile')],
      ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      ...['runtime', 'app'].flatMap((stage) => ['--build-context', `${stage}=${nothing}`]),
      WORKSPACE,
    ]);
  }
}

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { cwd: WORKSPACE, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr || error}`);
}
