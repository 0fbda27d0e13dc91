import { FORMATS } from '@rookery/config';
import { z } from 'zod';
import { KINDS, RESOLVERS } from '../model/environment-model.ts';
import { SettingKey } from '../settings/setting-key.ts';

export const EXPORT_VERSION = 1;
export const MOST_SETTINGS = 2_000;

const { group, service: name } = SettingKey.shape;
const description = z.string().max(1_000).nullable().default(null);
const tree = z.record(z.string(), z.unknown());

/** An environment, or some of it, in one document: what is declared, and what was written. What only follows is not in it. */
export const ExportDocument = z.strictObject({
  rookeryConfig: z.literal(EXPORT_VERSION).meta({ description: 'The version of this format.' }),
  environment: z.string().optional().meta({ description: 'Where it came from; it may go elsewhere.' }),
  exportedAt: z.iso.datetime().optional(),
  groups: z
    .array(z.strictObject({ name: group, fallsBackTo: group.nullable().default(null), description }))
    .max(MOST_SETTINGS)
    .default([]),
  namespaces: z
    .array(
      z.strictObject({
        name,
        kind: z.enum(KINDS),
        app: name.nullable().default(null),
        inherits: name.nullable().default(null),
        placeholders: z.enum(RESOLVERS).nullable().default(null),
        description,
      }),
    )
    .max(MOST_SETTINGS)
    .default([]),
  settings: z
    .array(
      z.strictObject({
        group,
        namespace: name,
        format: z.enum(FORMATS).default('json'),
        content: z.string().optional().meta({ description: 'The text, where it was written as one.' }),
        settings: tree.optional().meta({ description: 'The tree, where it was not.' }),
        schema: tree.optional().meta({ description: 'The JSON Schema that releases must satisfy.' }),
        version: z.number().int().optional().meta({ description: 'The version there; it begins anew elsewhere.' }),
      }),
    )
    .max(MOST_SETTINGS)
    .default([]),
});

export type ExportDocument = z.output<typeof ExportDocument>;

export const ExportQuery = z.object({
  group: group.optional(),
  namespace: name.optional(),
  as: z.enum(['json', 'yaml']).default('json'),
});

export const ImportQuery = z.object({
  dryRun: z
    .stringbool()
    .default(false)
    .meta({ description: 'Checks all of it, stores nothing, answers what would change.' }),
  others: z
    .enum(['keep', 'remove'])
    .default('keep')
    .meta({ description: 'What becomes of settings of the environment that are not in the file.' }),
  comment: z.string().trim().min(1).max(1_000).default('imported'),
});

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** What an import did, or would do, by what instances get. */
export const Imported = z.object({
  dryRun: z.boolean(),
  unchanged: z.number().int(),
  changes: z.array(
    z.object({
      group: z.string(),
      namespace: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      fromVersion: z.number().int(),
      added: z.record(z.string(), value),
      removed: z.record(z.string(), value),
      changed: z.record(z.string(), z.object({ from: value, to: value })),
    }),
  ),
});

export type Imported = z.output<typeof Imported>;
