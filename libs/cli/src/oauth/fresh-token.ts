import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '../failure.ts';
import { type Lock, tryLock } from '../home/lock.ts';
import { LOGIN_LOCK, type Login, readLogin, writeLogin } from '../home/login-file.ts';
import { discover, loginOf, refresh } from './issuer.ts';

/** A token that ends sooner is not given out. */
const LEAST_LEFT_MS = 60_000;
const LOCK_WAIT_MS = 20_000;
const LOCK_POLL_MS = 50;

const isFresh = ({ expiresAtMs }: Login): boolean => expiresAtMs - Date.now() >= LEAST_LEFT_MS;

/** The token of who is signed in; gets another one where it ends soon. Undefined where nobody is signed in. */
export async function freshToken(home: string): Promise<string | undefined> {
  const known = readLogin(home);
  if (!known || isFresh(known)) return known?.accessToken;
  // A refresh token is good for one use: of several commands one asks, and the others read what it got.
  const lock = await locked(home);
  try {
    const login = readLogin(home);
    if (!login || isFresh(login)) return login?.accessToken;
    const renewed = await renew(login);
    writeLogin(home, renewed);
    return renewed.accessToken;
  } finally {
    lock.release();
  }
}

async function renew({ issuer, refreshToken }: Login): Promise<Login> {
  const ended = new Failure('Your sign-in has ended; run rookery login again, or rookery logout.');
  if (refreshToken === undefined) throw ended;
  const { access_token: token, ...tokens } = await refresh(await discover(issuer), refreshToken);
  if (token === undefined) throw ended;
  return loginOf(issuer, { refresh_token: refreshToken, ...tokens, access_token: token });
}

async function locked(home: string): Promise<Lock> {
  for (const endMs = Date.now() + LOCK_WAIT_MS; ; ) {
    const lock = tryLock(join(home, LOGIN_LOCK));
    if ('release' in lock) return lock;
    if (Date.now() >= endMs) throw new Failure(`Process ${lock.heldBy} renews the token and does not end.`);
    await pause(LOCK_POLL_MS);
  }
}
