import type { IncomingHttpHeaders } from 'node:http';
import { errors } from '../errors.ts';

/** What a request shows to say who asks. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** Signed as Apollo's clients do. */
  | { readonly kind: 'signature' };

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;
const BASIC = /^Basic +([A-Za-z0-9+/=]+) *$/i;

/**
 * Reads them: a bearer token, HTTP basic authentication (for clients that know nothing else: the token is the password, the
 * name is free), or a signature. Nothing that came is repeated in an error.
 */
export function credentialsOf({ authorization }: IncomingHttpHeaders): Credentials {
  if (authorization === undefined) return { kind: 'none' };
  if (/^Apollo /.test(authorization)) return { kind: 'signature' };
  const [, bearer] = BEARER.exec(authorization) ?? [];
  if (bearer !== undefined) return { kind: 'token', token: bearer };
  const [, basic] = BASIC.exec(authorization) ?? [];
  if (basic !== undefined) {
    const text = Buffer.from(basic, 'base64').toString('utf8');
    const token = text.slice(text.indexOf(':') + 1);
    if (text.includes(':') && token !== '') return { kind: 'token', token };
  }
  throw errors.tokenRefused('it comes neither as "Bearer <token>" nor as HTTP basic authentication');
}
