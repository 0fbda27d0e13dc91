import type { KeyObject } from 'node:crypto';
import { RookeryError } from '@rookery/observability';
import { Strategy } from 'passport-jwt';
import { z } from 'zod';
import { securityErrors } from '../errors.ts';
import type { TokenSettings } from '../settings.ts';
import { Claims, type VerifiedToken } from './verified-token.ts';

/** Where a verifier finds the key that a token names. */
export interface KeySource {
  find(kid: string): Promise<KeyObject | undefined>;
}

const ALGORITHM = 'RS256';
const MAX_TOKEN_CHARACTERS = 8 * 1024;
const CLOCK_TOLERANCE_S = 5;

/** RFC 9068: an access token, not an ID token; nothing that we would have to understand and do not. */
const Header = z.object({
  alg: z.literal(ALGORITHM),
  typ: z.string().regex(/^(?:application\/)?at\+jwt$/i),
  kid: z.string().min(1).max(200),
  crit: z.never().optional(),
});

/** What a strategy needs to tell of its outcome; passport's middleware gives it these for each request. */
interface Outcome {
  success(token: Claims): void;
  fail(reason: unknown): void;
  error(error: unknown): void;
}

/**
 * Verifies access tokens, the same for every transport: passport-jwt with algorithm, issuer, audience and token type
 * pinned, and the key found by its id among those of the issuer.
 */
export class TokenVerifier {
  readonly #strategy: Strategy;

  constructor({ issuer, audience }: Pick<TokenSettings, 'issuer' | 'audience'>, keys: KeySource) {
    this.#strategy = new Strategy(
      {
        jwtFromRequest: (request: unknown) => (request as { token: string }).token,
        secretOrKeyProvider: (_request, token: string, done) => {
          keyOf(token, keys).then(
            // passport-jwt hands the key to jsonwebtoken, which takes a KeyObject; its types know texts only.
            (key) => done(null, key as unknown as string),
            (error: unknown) => done(error),
          );
        },
        algorithms: [ALGORITHM],
        issuer,
        audience,
        jsonWebTokenOptions: { clockTolerance: CLOCK_TOLERANCE_S },
      },
      (payload: unknown, done) => {
        const claims = Claims.safeParse(payload);
        if (claims.success) done(null, claims.data);
        else done(null, false, securityErrors.tokenRefused('its claims are not complete'));
      },
    );
  }

  /** Fails with `TOKEN_REFUSED` (401), or `KEYS_UNAVAILABLE` (503) when the issuer's keys cannot be had. */
  async verify(token: string): Promise<VerifiedToken> {
    if (token.length > MAX_TOKEN_CHARACTERS) throw securityErrors.tokenRefused('it is too long');
    const { sub: subject, exp, iat, jti, client_id: clientId, roles, permissions } = await this.#claimsOf(token);
    return {
      principal: { subject, ...(clientId !== undefined && { client: clientId }), roles, permissions },
      clientId,
      tokenId: jti,
      issuedAtMs: iat * 1_000,
      expiresAtMs: exp * 1_000,
      accessToken: token,
    };
  }

  #claimsOf(token: string): Promise<Claims> {
    return new Promise((resolve, reject) => {
      const outcome: Outcome = {
        success: resolve,
        fail: (reason) => reject(refusal(reason)),
        error: reject,
      };
      const attempt = Object.assign(Object.create(this.#strategy) as Strategy, outcome);
      attempt.authenticate({ token } as never);
    });
  }
}

async function keyOf(token: string, keys: KeySource): Promise<KeyObject> {
  const header = Header.safeParse(headerOf(token));
  if (!header.success) throw securityErrors.tokenRefused('its header is not that of an access token of ours');
  const key = await keys.find(header.data.kid);
  if (!key) throw securityErrors.tokenRefused('its key is not one of the issuer');
  return key;
}

/** The id of the key that a token names; it proves nothing. */
export const keyIdOf = (token: string): string | undefined => Header.safeParse(headerOf(token)).data?.kid;

function headerOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What jsonwebtoken found, without repeating anything that came in the token. */
function refusal(reason: unknown): RookeryError {
  if (reason instanceof RookeryError) return reason;
  const { name, message } = (reason ?? {}) as { name?: string; message?: string };
  if (name === 'TokenExpiredError') return securityErrors.tokenRefused('it has expired');
  if (name === 'NotBeforeError') return securityErrors.tokenRefused('it is not valid yet');
  if (message?.startsWith('jwt audience')) return securityErrors.tokenRefused('it is meant for another audience');
  if (message?.startsWith('jwt issuer')) return securityErrors.tokenRefused('it comes from another issuer');
  return securityErrors.tokenRefused('it is not genuine');
}
