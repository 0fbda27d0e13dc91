import { z } from 'zod';
import { FILTER_KINDS } from './kinds.ts';

const KINDS = new Map(FILTER_KINDS.map((kind) => [kind.name, kind]));

const Named = z.looseObject(
  { name: z.string() },
  { error: ({ code }) => (code === 'invalid_type' ? 'expected a filter like { "name": "auth" }' : undefined) },
);

/** The settings of any filter, read as its kind wants them. */
export const FilterSettings = Named.transform((settings, context): { name: string } => {
  const kind = KINDS.get(settings.name);
  if (!kind) {
    const known = [...KINDS.keys()].join(', ');
    context.issues.push({ code: 'custom', path: ['name'], input: settings.name, message: `expected one of ${known}` });
    return z.NEVER;
  }
  const result = kind.schema.safeParse(settings);
  if (result.success) return result.data as { name: string };
  for (const issue of result.error.issues) context.issues.push({ ...issue, input: settings } as never);
  return z.NEVER;
});

export type FilterSettings = z.infer<typeof FilterSettings>;

/** The kind of filter settings that were read. */
export const kindOf = ({ name }: FilterSettings) => KINDS.get(name);
