import { z } from 'zod';
import type { ServiceRegistration } from '../domain/service-record.ts';
import { caseless } from './caseless.ts';
import { check, id } from './check-registration.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

const meta = z
  .record(
    z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'a key must be 1 to 128 letters, digits, - and _'),
    z.string().max(512, 'Value is too long (limit: 512 characters)'),
  )
  .refine((pairs) => Object.keys(pairs).length <= 64, 'Node metadata cannot contain more than 64 key/value pairs');

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
