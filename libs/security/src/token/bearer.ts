import { securityErrors } from '../errors.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** The token of an `authorization` header or metadata entry; undefined where there is none of them. */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const token = BEARER.exec(header)?.[1];
  if (token === undefined) throw securityErrors.tokenRefused('it does not come as "Bearer <token>"');
  return token;
}
