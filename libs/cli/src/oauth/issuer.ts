import { Failure, messageOf } from '../failure.ts';
import type { Login } from '../home/login-file.ts';

/** The client that this command is, where people sign in with it; apps/auth registers it. */
const CLIENT = 'rookery-cli';
const ANSWER_MS = 10_000;
const SCOPE = 'openid offline_access';

/** What an issuer says of itself, as far as this command asks it. */
export interface Endpoints {
  issuer: string;
  token_endpoint: string;
  device_authorization_endpoint?: string;
  revocation_endpoint?: string;
}

/** A device code, and what the person is to be shown. */
export interface DeviceCode {
  device_code: string;
  user_code: string;
  verification_uri: string;
  verification_uri_complete?: string;
  expires_in: number;
  interval?: number;
}

export interface Tokens {
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
  error?: string;
  error_description?: string;
}

/** Reads the discovery document. */
export async function discover(issuer: string): Promise<Endpoints> {
  const found = (await ask(`${issuer}/.well-known/openid-configuration`)) as Partial<Endpoints>;
  if (found.issuer !== issuer || !found.token_endpoint)
    throw new Failure(`${issuer} is no issuer of tokens: it has no discovery document of that name.`);
  return found as Endpoints;
}

export async function beginDeviceLogin({ issuer, device_authorization_endpoint: url }: Endpoints): Promise<DeviceCode> {
  if (!url) throw new Failure(`${issuer} has no device flow; sign in another way.`);
  // Without being asked for consent nobody stays signed in.
  const answer = await ask(url, { client_id: CLIENT, scope: SCOPE, prompt: 'consent' });
  if ((answer as Partial<DeviceCode>).device_code) return answer as DeviceCode;
  throw new Failure(`${issuer} begins no sign-in: ${(answer as Tokens).error_description ?? 'it does not say why'}.`);
}

export const redeemDeviceCode = ({ token_endpoint: url }: Endpoints, code: string): Promise<Tokens> =>
  ask(url, { client_id: CLIENT, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: code });

export const refresh = ({ token_endpoint: url }: Endpoints, token: string): Promise<Tokens> =>
  ask(url, { client_id: CLIENT, grant_type: 'refresh_token', refresh_token: token });

export async function revoke({ revocation_endpoint: url }: Endpoints, token: string): Promise<void> {
  if (url) await ask(url, { client_id: CLIENT, token, token_type_hint: 'refresh_token' });
}

/** What is to be kept of an answer with tokens. */
export function loginOf(issuer: string, tokens: Tokens & { access_token: string }, nowMs = Date.now()): Login {
  return {
    issuer,
    accessToken: tokens.access_token,
    expiresAtMs: nowMs + (tokens.expires_in ?? 0) * 1_000,
    ...(tokens.refresh_token !== undefined && { refreshToken: tokens.refresh_token }),
  };
}

/** The JSON of an answer, also of one that refuses. */
async function ask(url: string, form?: Record<string, string>): Promise<object> {
  try {
    const response = await fetch(url, {
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    return text ? (JSON.parse(text) as object) : {};
  } catch (error) {
    throw new Failure(`${new URL(url).origin} does not answer as an issuer of tokens (${messageOf(error)}).`);
  }
}
