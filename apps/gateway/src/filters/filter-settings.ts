import { z } from 'zod';
import type { FilterKind } from './filter.ts';
import { FILTER_KINDS } from './kinds.ts';

const KINDS = new Map(FILTER_KINDS.map((kind) => [kind.name, kind]));

/** The settings of any filter, read as its kind wants them. */
export const FilterSettings = z.looseObject({ name: z.string() }).transform((settings, context): { name: string } => {
  const kind = KINDS.get(settings.name);
  if (!kind) {
    const known = [...KINDS.keys()].join(', ');
    context.issues.push({ code: 'custom', path: ['name'], input: settings.name, message: `expected one of ${known}` });
    return z.NEVER;
  }
  const result = kind.schema.safeParse(settings);
  if (result.success) return result.data as { name: string };
  for (const issue of result.error.issues)
    context.issues.push({ ...withKnownFields(issue, kind), input: settings } as never);
  return z.NEVER;
});

/** Whoever wrote a field that is not there is told which are. */
function withKnownFields(issue: z.core.$ZodIssue, { name, schema }: FilterKind): z.core.$ZodIssue {
  if (issue.code !== 'unrecognized_keys' || issue.path.length > 0 || !(schema instanceof z.ZodObject)) return issue;
  const fields = Object.keys(schema.shape).filter((field) => field !== 'name');
  return { ...issue, message: `${name} takes ${fields.join(', ') || 'no settings'}` };
}

export type FilterSettings = z.infer<typeof FilterSettings>;

/** The kind of filter settings that were read. */
export const kindOf = ({ name }: FilterSettings) => KINDS.get(name);
