import { isPermission } from '@rookery/security';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

const Permission = z.string().refine(isPermission, 'expected a permission like order:create or order:*');
const Text = z.string().min(1).max(200);

/** Whose tokens are taken, and what they must grant. */
export const AuthSettings = strictObject({
  name: z.literal('auth'),
  /** Optional: a token that is there must be good, none is passed on. Required where permissions or roles are named. */
  mode: z.enum(['off', 'optional', 'required']).optional(),
  /** AUTH_ISSUER_URL when not given. */
  issuer: z.url({ protocol: /^https?$/ }).optional(),
  /** Where the issuer is reached from here, when that is not its public name; AUTH_ISSUER_ADDRESS when not given. */
  issuerAddress: z.url({ protocol: /^https?$/ }).optional(),
  /** AUTH_AUDIENCE when not given. */
  audience: Text.optional(),
  /** A token must grant all of these; wildcards as in Apache Shiro. */
  permissions: z.array(Permission).max(32).default([]),
  /** A token must name one of these. */
  roles: z.array(Text).max(32).default([]),
  /** Tokens that are not taken any more although they have not expired. */
  revoked: strictObject({
    /** By `jti`. */
    tokenIds: z.array(Text).max(10_000).default([]),
    /** All tokens of a subject, or those from before a time. */
    subjects: z
      .array(z.union([Text, strictObject({ subject: Text, issuedBefore: z.iso.datetime({ offset: true }) })]))
      .max(10_000)
      .default([]),
  }).prefault({}),
}).superRefine(({ mode, permissions, roles }, context) => {
  if ((mode === 'off' || mode === 'optional') && permissions.length + roles.length > 0)
    context.addIssue({ code: 'custom', path: ['mode'], message: 'permissions and roles need mode "required"' });
});

export type AuthSettings = z.infer<typeof AuthSettings>;
