import { z } from 'zod';

/** What became of a version in an instance; also its sign of life, repeated every quarter of a minute. */
export const Report = z.object({
  instance: z.string().min(1).max(200).meta({ example: 'orders-3f2a91cc' }),
  version: z.number().int().min(0).max(2_147_483_647),
  applied: z.boolean(),
  reason: z.string().max(2_000).optional().meta({ description: 'Why not: path, expected, received; never a value.' }),
});

export type Report = z.output<typeof Report>;

export const Instance = z.object({
  instance: z.string(),
  alive: z.boolean().meta({ description: 'Heard of within the last minute.' }),
  appliedVersion: z.number().int().nullable().meta({ description: 'The version in force there.' }),
  refused: z
    .object({ version: z.number().int(), reason: z.string() })
    .nullable()
    .meta({ description: 'A newer version that it did not take.' }),
  seenAt: z.iso.datetime(),
});

export type Instance = z.output<typeof Instance>;

export const Instances = z.object({ currentVersion: z.number().int(), items: z.array(Instance) });
