import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);

const Rate = strictObject({
  perSecond: z.number().min(1e-6).max(1e6),
  burst: z.number().min(1).max(1e9).optional(),
});

/** What a key may use; without a part of it there is no limit of that kind. */
const Plan = strictObject({
  rate: Rate.optional(),
  /** So many calls in so many hours; what was used comes back bit by bit over that time. */
  quota: strictObject({ calls: z.int().min(1).max(1e9), hours: z.number().min(0.01).max(8_784) }).optional(),
});

/** Keys of programs, and what their plans grant. */
export const ApiKeySettings = strictObject({
  name: z.literal('api-key'),
  /** Optional: a key that is there must be known, none is passed on. */
  mode: z.enum(['optional', 'required']).default('required'),
  /** Where the key stands. It does not go on to the service. */
  header: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'expected the name of a header in lower case')
    .default('x-api-key'),
  keys: z
    .array(
      strictObject({
        /** Names the key in limits and logs. */
        id: Id,
        /** SHA-256 of the key as hexadecimal text: the key itself stands nowhere. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected the SHA-256 of the key, 64 hexadecimal digits'),
        plan: Id.optional(),
        expires: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .max(100_000),
  plans: z.record(Id, Plan).default({}),
  /** Each gateway for itself, or all together through Redis (GATEWAY_REDIS_URL, CACHE_URL). */
  scope: z.enum(['local', 'cluster']).default('local'),
  /** Time that Redis has for an answer. */
  deadlineMs: z.int().min(1).max(10_000).default(50),
}).superRefine(({ keys, plans }, context) => {
  const seen = { id: new Set<string>(), sha256: new Set<string>() };
  for (const [index, key] of keys.entries()) {
    for (const name of ['id', 'sha256'] as const) {
      if (seen[name].has(key[name]))
        context.addIssue({ code: 'custom', path: ['keys', index, name], message: 'stands twice' });
      seen[name].add(key[name]);
    }
    if (key.plan !== undefined && !Object.hasOwn(plans, key.plan))
      context.addIssue({ code: 'custom', path: ['keys', index, 'plan'], message: `there is no plan ${key.plan}` });
  }
});

export type ApiKeySettings = z.infer<typeof ApiKeySettings>;
