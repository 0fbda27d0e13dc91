import { createHmac, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { SettingKey } from '../../settings/setting-key.ts';
import { domainOf } from '../domain.ts';
import { RIGHTS } from '../right.ts';

const FORM = /^rcc_([0-9a-f]{16})_[\w-]{43}$/;

/** Whether a text looks like an access token of the centre; nothing of the platform's own tokens does. */
export const isAccessToken = (text: string): boolean => text.startsWith('rcc_');

/** The id by which a token is found; it proves nothing. */
export const idOf = (token: string): string | undefined => FORM.exec(token)?.[1];

/** A new token: 256 random bits behind its id. */
export function newAccessToken(): { id: string; token: string } {
  const id = randomBytes(8).toString('hex');
  return { id, token: `rcc_${id}_${randomBytes(32).toString('base64url')}` };
}

/**
 * The secret with which an Apollo client signs. Who checks a signature has to have its key: this one is kept as it is, and
 * derived, so that the token cannot be had from it.
 */
export const apolloSecretOf = (token: string): string => createHmac('sha256', token).update('apollo').digest('hex');

const name = z
  .string()
  .regex(/^[\w][\w .-]*$/, 'letters, digits, blanks and . _ -')
  .max(100);

export const AccessToken = z.object({
  id: z.string().meta({ example: '5f2c9a0e77b1d3c4' }),
  namespace: z.string().meta({ description: 'The environment, which is the first part of a key.' }),
  services: z.array(z.string()).nullable().meta({ description: 'The namespaces of it, in every group; null for all.' }),
  name: name.meta({ example: 'ci' }),
  roles: z.array(z.enum(RIGHTS)),
  apolloAppId: z.string().nullable().meta({ description: 'The app whose Apollo clients sign with it.' }),
  issuedBy: z.string().nullable(),
  issuedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
});

export type AccessToken = z.output<typeof AccessToken>;

export const AccessTokens = z.object({ items: z.array(AccessToken) });

/** What only who issues it ever sees. */
export const IssuedToken = AccessToken.extend({
  token: z.string().meta({ description: 'Shown this once: only its digest is kept.' }),
  apolloSecret: z.string().optional().meta({ description: 'What Apollo clients of the app sign with.' }),
});

export type IssuedToken = z.output<typeof IssuedToken>;

const MOST_DAYS = 366;

export const NewToken = z.strictObject({
  name: name.meta({ example: 'ci' }),
  roles: z
    .array(z.enum(RIGHTS))
    .min(1)
    .max(RIGHTS.length)
    .transform((roles) => [...new Set(roles)])
    .meta({ example: ['read', 'release'] }),
  expiresInDays: z.number().min(0.001).max(MOST_DAYS).default(90),
  services: z
    .array(SettingKey.shape.service)
    .min(1)
    .max(100)
    .transform((names) => [
      ...new Set(names.map((service) => domainOf({ namespace: '', service }).namespace ?? service)),
    ])
    .optional()
    .meta({ example: ['orders'], description: 'For these namespaces only; for the whole environment when not given.' }),
  apolloAppId: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits and . _ -')
    .max(200)
    .optional(),
});

export type NewToken = z.output<typeof NewToken>;
