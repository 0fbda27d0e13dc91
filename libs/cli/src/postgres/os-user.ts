import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../failure.ts';

/** Postgres refuses to run as root: there it runs as this user, which is made when missing. */
const NAME = 'postgres';

export interface OsUser {
  uid: number;
  gid: number;
}

/** The user to run as; undefined when the command itself is no root. */
export function databaseUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return lookUp() ?? create();
}

/** How to run a program as that user, also where the folders above the program or its data are closed to it. */
export function commandAs(
  user: OsUser | undefined,
  program: string,
  parameters: readonly string[],
  paths: readonly string[],
): { command: string; parameters: string[]; options: Partial<OsUser> } {
  if (!user) return { command: program, parameters: [...parameters], options: {} };
  const closed = paths.map((path) => closedFolder(path, user)).find(Boolean);
  if (!closed) return { command: program, parameters: [...parameters], options: user };
  if (process.platform === 'linux' && spawnSync('setpriv', ['--version']).status === 0) {
    const rights = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
    const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
    return { command: 'setpriv', parameters: [...identity, ...rights, program, ...parameters], options: {} };
  }
  throw new Failure(
    `Postgres runs as the user ${NAME}, which may not enter ${closed}; run chmod o+x ${closed}, or do not start as root.`,
  );
}

/** The first folder on the way to the path that the user may not pass. */
export function closedFolder(path: string, user: OsUser): string | undefined {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) folders.unshift(folder);
  return folders.find((folder) => {
    const { mode, uid, gid } = statSync(folder);
    const right = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    return (mode & right) === 0;
  });
}

function create(): OsUser {
  spawnSync('groupadd', ['--system', NAME]);
  const made = spawnSync('useradd', ['--system', '--no-create-home', '-g', NAME, NAME], { encoding: 'utf8' });
  const user = lookUp();
  if (!user) {
    const why = made.error?.message ?? made.stderr.trim();
    throw new Failure(
      `Postgres does not run as root, and the user ${NAME} could not be made (${why}); start as another user, or set DATABASE_URL.`,
    );
  }
  return user;
}

function lookUp(): OsUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, NAME], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : Number.NaN;
  });
  return uid !== undefined && gid !== undefined && uid >= 0 && gid >= 0 ? { uid, gid } : undefined;
}
