import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

const KEY = /^(?:principal|client|ip|route|api-key|header:[a-z0-9-]{1,64}|param:[a-zA-Z][a-zA-Z0-9]{0,62})$/;

const Key = z
  .string()
  .regex(KEY, 'expected principal, client, ip, route, api-key, header:<name in lower case> or param:<name>');

/** How many calls, counted by what. */
export const RateLimitSettings = strictObject({
  name: z.literal('rate-limit'),
  /** One or several together. A request that lacks one of them is counted by its IP address in place of it. */
  key: z.union([Key, z.array(Key).min(1).max(4)]).default('principal'),
  /** Calls that come back every second; a fraction for less than one. */
  perSecond: z.number().min(1e-6).max(1e6),
  /** Calls at once; as many as come back in a second when not given, at least one. */
  burst: z.number().min(1).max(1e9).optional(),
  /** Each gateway for itself, or all together through Redis (GATEWAY_REDIS_URL, CACHE_URL). */
  scope: z.enum(['local', 'cluster']).default('local'),
  /** Routes of one group share a limit; a group of its own when not given. */
  group: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
    .optional(),
  /** Keys that are remembered. */
  maxKeys: z.int().min(1).max(1_000_000).default(50_000),
  /** Time that Redis has for an answer. */
  deadlineMs: z.int().min(1).max(10_000).default(50),
});

export type RateLimitSettings = z.infer<typeof RateLimitSettings>;

export const IpRateLimitSettings = RateLimitSettings.omit({ key: true }).extend({ name: z.literal('ip-rate-limit') });

export type IpRateLimitSettings = z.infer<typeof IpRateLimitSettings>;
