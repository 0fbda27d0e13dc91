import { createHash } from 'node:crypto';

/** A number in [0, 1) that is always the same for the same key, and independent between groups. */
export const shareOf = (group: string, key: string): number =>
  createHash('sha256').update(`${group}\n${key}`).digest().readUInt32BE(0) / 2 ** 32;

/**
 * Subject of a bearer token, NOT verified: good for keeping one person on one version, for nothing else. The token as it
 * is where it cannot be read.
 */
export function subjectOf(authorization: string | undefined): string | undefined {
  const token = authorization?.match(/^Bearer\s+(\S+)$/i)?.[1];
  if (token === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const subject = claims !== null && typeof claims === 'object' && 'sub' in claims ? claims.sub : undefined;
    return typeof subject === 'string' ? subject : token;
  } catch {
    return token;
  }
}
