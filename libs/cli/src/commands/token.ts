import { Failure, messageOf } from '../failure.ts';
import { DEV_CLIENT, devClientSecret } from '../home/auth-clients.ts';
import { homeOf } from '../home/home.ts';
import { readState } from '../home/state-file.ts';
import { freshToken } from '../oauth/fresh-token.ts';

const ANSWER_MS = 10_000;

/** The access token of who is signed in here; else one for the client of this machine, from the platform that runs here. */
export async function accessToken(root: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const home = homeOf(root, environment);
  const personal = await freshToken(home);
  if (personal !== undefined) return personal;
  const state = readState(home);
  const gateway = state?.variables.GATEWAY_URL;
  if (!gateway) throw new Failure(`No platform with a gateway runs in ${home}; start one with npm start.`);
  const secret = devClientSecret(home);
  if (!secret) throw new Failure(`The platform of ${home} has no client for this machine; start it with the app auth.`);
  try {
    return await tokenFrom(gateway, secret);
  } catch (failure) {
    // Routes that were published without one to auth take the token away that it needs to mend them.
    const auth = state.services.find(({ name }) => name === 'auth')?.urls.http;
    if (!auth) throw failure;
    return tokenFrom(auth, secret).catch(() => {
      throw failure;
    });
  }
}

async function tokenFrom(origin: string, secret: string): Promise<string> {
  const response = await fetch(`${origin}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${DEV_CLIENT}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch((error: unknown) => {
    throw new Failure(`${origin} gives no tokens (${messageOf(error)}).`);
  });
  const answer = (await response.json().catch(() => ({}))) as { access_token?: string; error_description?: string };
  if (answer.access_token) return answer.access_token;
  throw new Failure(`${origin} gives no token: ${answer.error_description ?? `it answered ${response.status}`}.`);
}
