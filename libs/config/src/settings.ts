import type { z } from 'zod';
import { LiveConfig, type LiveState } from './live-config.ts';

/** A class that is both the type of some settings and their injection token. */
export interface SettingsClass<T = unknown> {
  new (state: LiveState<T>): LiveConfig<T>;
  readonly schema: z.ZodType<T>;
  readonly section: string | undefined;
}

/**
 * Base of a settings class:
 *
 * ```ts
 * export class OrderSettings extends Settings(z.object({ maxItems: z.number().int().min(1).default(20) })) {}
 * ```
 *
 * @param schema what the settings must look like; its defaults are the lowest source
 * @param options `section`: the key of the service's settings that the schema describes, where it is not all of them
 */
export function Settings<S extends z.ZodType>(
  schema: S,
  options: { section?: string } = {},
): SettingsClass<z.output<S>> {
  return class extends LiveConfig<z.output<S>> {
    static readonly schema: z.ZodType<z.output<S>> = schema as z.ZodType<z.output<S>>;
    static readonly section: string | undefined = options.section;
  };
}
