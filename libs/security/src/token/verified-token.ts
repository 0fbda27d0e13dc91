import type { Principal } from '@rookery/observability';
import { z } from 'zod';

const NAMES = z.array(z.string().max(200)).max(200).default([]);

/** What a token must say, beside the claims that are pinned. */
export const Claims = z.object({
  sub: z.string().min(1).max(200),
  exp: z.number(),
  iat: z.number(),
  jti: z.string().max(200).optional(),
  client_id: z.string().max(200).optional(),
  roles: NAMES,
  permissions: NAMES,
});

export type Claims = z.infer<typeof Claims>;

/** An access token whose signature, issuer, audience and times hold. */
export interface VerifiedToken {
  principal: Principal;
  /** The client that it was given to. */
  clientId: string | undefined;
  /** Its own id (`jti`), where it has one. */
  tokenId: string | undefined;
  /** Epoch ms. */
  issuedAtMs: number;
  /** Epoch ms after which it is worth nothing. */
  expiresAtMs: number;
  /** As it came, to be shown to the services that are called on its owner's behalf; absent for what others could not check. */
  accessToken?: string;
}
