import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { read, replace } from './state-file.ts';

/** Who is signed in on this machine: ROOKERY_HOME/login.json, readable by its owner only. */
export interface Login {
  issuer: string;
  accessToken: string;
  expiresAtMs: number;
  /** Gives another access token, and with it another of its kind. */
  refreshToken?: string;
}

const FILE = 'login.json';
export const LOGIN_LOCK = 'login.lock';

export const readLogin = (home: string): Login | undefined => read(join(home, FILE)) as Login | undefined;

export const writeLogin = (home: string, login: Login): void => replace(join(home, FILE), login, 0o600);

export const removeLogin = (home: string): void => rmSync(join(home, FILE), { force: true });
