import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { Failure, messageOf } from '../failure.ts';

const MARKER = 'rookery-home';

/** Absolute ROOKERY_HOME: the variable, else `.rookery` in the workspace. */
export function homeOf(root: string, environment: NodeJS.ProcessEnv): string {
  return resolve(root, environment.ROOKERY_HOME || '.rookery');
}

/** Creates the folder; one that it creates or finds empty is marked as the platform's own. */
export function openHome(home: string): void {
  try {
    mkdirSync(home, { recursive: true, mode: 0o755 });
    if (readdirSync(home).length === 0)
      writeFileSync(join(home, MARKER), 'State of a Rookery platform; `npm start -- --fresh` wipes this folder.\n');
    // The database runs as a user of its own where the command runs as root, and has to pass through.
    if (isOurs(home)) chmodSync(home, 0o755);
  } catch (error) {
    throw new Failure(
      `The state folder ${home} cannot be used (${messageOf(error)}); set ROOKERY_HOME to one that can.`,
    );
  }
}

/** Removes everything in the folder but `keep`; refuses a folder that the platform did not make. */
export function wipeHome(home: string, keep: string): void {
  if (!isOurs(home))
    throw new Failure(
      `--fresh does not wipe ${home}: it was not made by rookery. Set ROOKERY_HOME to another folder, or empty it yourself.`,
    );
  for (const entry of readdirSync(home)) {
    if (entry !== keep && entry !== MARKER) rmSync(join(home, entry), { recursive: true, force: true, maxRetries: 3 });
  }
}

function isOurs(home: string): boolean {
  return basename(home) === '.rookery' || existsSync(join(home, MARKER));
}
