import { FORMATS } from '@rookery/config';
import { z } from 'zod';

const version = z.number().int().min(0).meta({ example: 7 });

/** What is known of a release besides its settings. */
export const ReleaseFacts = z.object({
  version,
  author: z.string().nullable(),
  comment: z.string().nullable(),
  rolledBackFrom: z.number().int().nullable().meta({ description: 'The version that a rollback took up again.' }),
  format: z.enum(FORMATS).meta({ description: 'What it was written in; `json` for what came as JSON.' }),
  removed: z.boolean().meta({ description: 'Whether the key was removed by this release.' }),
  grey: z.boolean().meta({ description: 'Whether it is for some instances only.' }),
  madeOf: z
    .array(z.object({ group: z.string(), service: z.string(), version: z.number().int() }))
    .nullable()
    .meta({ description: 'The releases that it was laid together from, lowest first; null for what stands alone.' }),
  publishedAt: z.iso.datetime().nullable().meta({ description: 'Null for version 0, which nobody published.' }),
});

export type ReleaseFacts = z.output<typeof ReleaseFacts>;

/** One version of a key's settings. Version 0 with no settings stands for a key that nobody has published to. */
export const Release = ReleaseFacts.extend({
  settings: z.record(z.string(), z.unknown()).meta({ example: { limits: { maxItems: 20 } } }),
  content: z.string().nullable().meta({ description: 'The text that it was written as, where it came as text.' }),
});

export type Release = z.output<typeof Release>;

export const NO_RELEASE: Release = {
  version: 0,
  author: null,
  comment: null,
  rolledBackFrom: null,
  format: 'json',
  removed: false,
  grey: false,
  madeOf: null,
  publishedAt: null,
  settings: {},
  content: null,
};

/** The newest first. */
export const History = z.object({
  items: z.array(ReleaseFacts),
  nextBefore: z.number().int().nullable().meta({ description: 'Pass as `before` for the next page.' }),
});

export const HistoryQuery = z.object({
  before: z.coerce.number().int().min(1).max(2_147_483_647).default(2_147_483_647),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const note = (max: number, description: string) => z.string().trim().min(1).max(max).optional().meta({ description });

const why = { comment: note(1_000, 'Why. Who is read from the token.') };
const expected = (number: z.ZodNumber | z.ZodCoercedNumber) =>
  number
    .int()
    .min(0)
    .optional()
    .meta({ description: 'The version that the change starts from; another current one answers 409. As If-Match.' });

export const PublishQuery = z.object({
  ...why,
  expectedVersion: expected(z.coerce.number()),
  dryRun: z
    .stringbool()
    .default(false)
    .meta({ description: 'Checks everything, stores nothing, and answers what would change.' }),
});

export const DiffQuery = z.object({
  from: z.coerce
    .number()
    .int()
    .min(0)
    .max(2_147_483_647)
    .optional()
    .meta({ description: 'The one before, when not given.' }),
});

export const Rollback = z.object({ version: version.min(1), ...why, expectedVersion: expected(z.number()) });

export const VersionParam = z.coerce.number().int().min(1).max(2_147_483_647);
