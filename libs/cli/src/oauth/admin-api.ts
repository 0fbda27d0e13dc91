import { accessToken } from '../commands/token.ts';
import { Failure, messageOf } from '../failure.ts';
import { homeOf } from '../home/home.ts';
import { readLogin } from '../home/login-file.ts';
import { readState } from '../home/state-file.ts';

const ANSWER_MS = 10_000;

export interface AdminCall {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: object;
}

/** Calls the administration of apps/auth, as who is signed in or as this machine; its refusals are one sentence. */
export async function adminApi<T>(
  root: string,
  environment: NodeJS.ProcessEnv,
  path: string,
  { method = 'GET', body }: AdminCall = {},
): Promise<T> {
  const home = homeOf(root, environment);
  const token = await accessToken(root, environment);
  const origin = new URL(readLogin(home)?.issuer ?? readState(home)?.variables.GATEWAY_URL ?? '').origin;
  const response = await fetch(`${origin}/api/auth/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(ANSWER_MS),
  }).catch((error: unknown) => {
    throw new Failure(`${origin} does not answer (${messageOf(error)}).`);
  });
  const text = await response.text();
  const answer = (response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : {}) as T;
  if (response.ok) return answer;
  throw new Failure((answer as { detail?: string }).detail ?? `${origin} answered ${response.status}.`);
}
