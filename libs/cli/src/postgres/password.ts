import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

/** The one role of the embedded Postgres. */
export const POSTGRES_USER = 'rookery';

/** Folder of the database's data. */
export function dataFolder(home: string): string {
  return join(home, 'postgres');
}

/** The role's password: made once with the data, and readable by its owner only. */
export function postgresPassword(home: string): string {
  const file = join(home, 'postgres.password');
  if (existsSync(file)) {
    chmodSync(file, 0o600);
    return readFileSync(file, 'utf8').trim();
  }
  if (existsSync(dataFolder(home))) {
    throw new Failure(
      `${file} is missing, and with it the password of the database beside it; put it back, or start with --fresh.`,
    );
  }
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}
