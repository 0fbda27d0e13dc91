import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { Filter, FilterKind, FilterParts } from '../filter.ts';
import { customFolder, loadFilter } from './load-filter.ts';

/** How a filter comes from its file, once the file and its settings are known to be good. */
type Make = (parts: FilterParts) => Filter;

const Settings = strictObject({
  name: z.literal('custom'),
  /** A file in the folder of custom filters: GATEWAY_FILTERS. */
  file: z
    .string()
    .regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}\.(?:ts|js|mjs)$/, 'expected a file like own/filter.ts'),
  /** What the file's own schema takes. */
  settings: z.unknown().optional(),
}).transform(({ name, file, settings }, context): { name: 'custom'; file: string; make: Make } => {
  const wrong = (message: string, at: PropertyKey[]) => {
    context.issues.push({ code: 'custom', message: `${file}: ${message}`, path: at, input: file });
    return z.NEVER;
  };
  try {
    const loaded = loadFilter(file, customFolder());
    if (typeof loaded === 'function') return { name, file, make: () => ({ name: file, onRequest: loaded }) };
    const result = loaded.schema.safeParse(settings ?? {});
    if (result.success) return { name, file, make: (parts) => loaded.create(result.data, parts) };
    const [issue] = result.error.issues;
    return wrong(issue?.message ?? 'its settings are wrong', ['settings', ...(issue?.path ?? [])]);
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error), ['file']);
  }
});

/** A filter of one's own, out of one TypeScript file; it runs after those that say who may and how much. */
export const custom: FilterKind<z.infer<typeof Settings>> = {
  name: 'custom',
  schema: Settings,
  order: 430,
  create: ({ make }, parts) => make(parts),
};
