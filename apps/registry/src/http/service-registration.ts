import { z } from 'zod';
import { parseDuration } from '../domain/duration.ts';
import type { CheckRegistration, ServiceRegistration } from '../domain/service-record.ts';

/** Consul decodes field names without regard to case and underscores. */
const caseless = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key.replaceAll('_', '').toLowerCase(), field]))
    : value;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what an id must not hold
const ID = /^[^\u0000-\u001f\u007f]{1,256}$/;

const id = z.string().regex(ID, 'must be 1 to 256 characters, no control characters');
const duration = z.union([z.string(), z.number()]).transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed === undefined)
    context.addIssue({ code: 'custom', message: `time: invalid duration ${JSON.stringify(text)}` });
  return parsed ?? 0;
});
const meta = z
  .record(
    z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'a key must be 1 to 128 letters, digits, - and _'),
    z.string().max(512, 'Value is too long (limit: 512 characters)'),
  )
  .refine((pairs) => Object.keys(pairs).length <= 64, 'Node metadata cannot contain more than 64 key/value pairs');

const check = z.preprocess(
  caseless,
  z
    .object({
      checkid: id.optional(),
      id: id.optional(),
      name: z.string().max(256).optional(),
      notes: z.string().max(1_024).optional(),
      status: z.enum(['passing', 'warning', 'critical', '']).optional(),
      ttl: duration.optional(),
      deregistercriticalserviceafter: duration.optional(),
    })
    .refine(({ ttl }) => ttl !== undefined && ttl > 0, 'this registry takes checks with a TTL only')
    .transform(
      ({ checkid, id: other, name, notes, status, ttl, deregistercriticalserviceafter }): CheckRegistration => ({
        ...((checkid ?? other) ? { id: checkid ?? other } : {}),
        ...(name ? { name } : {}),
        ...(notes ? { notes } : {}),
        ...(status ? { status } : {}),
        ttlMs: ttl ?? 0,
        ...(deregistercriticalserviceafter ? { deregisterAfterMs: deregistercriticalserviceafter } : {}),
      }),
    ),
);

const weight = z.number().int().min(0).max(65_535);
const weights = z.preprocess(caseless, z.object({ passing: weight.default(1), warning: weight.default(1) }));

/** The body of PUT /v1/agent/service/register. */
export const serviceRegistration = z.preprocess(
  caseless,
  z
    .object({
      name: z
        .string({ error: 'Missing service name' })
        .regex(
          NAME,
          'a service name is letters, digits, - _ . only, begins with a letter or digit, at most 128 characters',
        ),
      id: id.or(z.literal('')).optional(),
      tags: z.array(z.string().max(256)).max(64).nullish(),
      address: z.string().max(255).default(''),
      port: z.number().int().min(0).max(65_535).default(0),
      meta: meta.nullish(),
      weights: weights.nullish(),
      check: check.nullish(),
      checks: z.array(check).max(16).nullish(),
    })
    .transform(
      ({ id: given, tags, meta: pairs, weights: shares, check: one, checks, ...rest }): ServiceRegistration => ({
        ...rest,
        id: given || rest.name,
        tags: tags ?? [],
        meta: pairs ?? {},
        weights: shares ?? { passing: 1, warning: 1 },
        checks: [...(one ? [one] : []), ...(checks ?? [])],
      }),
    ),
);
