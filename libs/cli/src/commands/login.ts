import { Failure } from '../failure.ts';
import { homeOf, openHome } from '../home/home.ts';
import { readLogin, removeLogin, writeLogin } from '../home/login-file.ts';
import { readState } from '../home/state-file.ts';
import { beginDeviceLogin, discover, loginOf, revoke } from '../oauth/issuer.ts';
import { waitForPerson } from '../oauth/wait-for-person.ts';

export interface LoginOptions {
  issuer?: string;
  print: (text: string) => void;
  /** Whether the same line may be written over. */
  isTerminal: boolean;
}

/** Signs a person in by the device flow and keeps the token for `rookery token`. */
export async function login(
  root: string,
  environment: NodeJS.ProcessEnv,
  { issuer, print, isTerminal }: LoginOptions,
): Promise<void> {
  const home = homeOf(root, environment);
  const endpoints = await discover(issuerOf(issuer, environment, home));
  const code = await beginDeviceLogin(endpoints);
  print(`Open ${code.verification_uri_complete ?? code.verification_uri}\nand compare the code  ${code.user_code}\n`);
  const waiting = (leftMs: number) => {
    if (isTerminal) print(`\r\x1b[Kwaiting for you, ${minutes(leftMs)} left`);
  };
  const tokens = await waitForPerson(endpoints, code, waiting).finally(() => isTerminal && print('\r\x1b[K'));
  openHome(home);
  writeLogin(home, loginOf(endpoints.issuer, tokens));
  print('Signed in. `rookery token` prints your token now; `rookery logout` ends it.\n');
}

/** Forgets who is signed in, here and at the issuer. */
export async function logout(root: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const home = homeOf(root, environment);
  const known = readLogin(home);
  if (!known) return 'Nobody is signed in here.';
  removeLogin(home);
  if (known.refreshToken === undefined) return 'Signed out.';
  try {
    await revoke(await discover(known.issuer), known.refreshToken);
    return 'Signed out.';
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return `Signed out here; ${known.issuer} could not be told.`;
  }
}

function issuerOf(given: string | undefined, environment: NodeJS.ProcessEnv, home: string): string {
  const gateway = readState(home)?.variables.GATEWAY_URL;
  const issuer = given ?? environment.AUTH_ISSUER_URL ?? (gateway && `${gateway}/auth`);
  if (!issuer) throw new Failure(`No platform with a gateway runs in ${home}; start one, or name one with --issuer.`);
  if (!/^https?:$/.test(URL.parse(issuer)?.protocol ?? ''))
    throw new Failure('--issuer or AUTH_ISSUER_URL is no URL; it looks like https://shop.example/auth.', 2);
  return issuer.replace(/\/+$/, '');
}

function minutes(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
