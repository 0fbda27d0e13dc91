import { Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { LiveConfig } from './live-config.ts';
import { Settings, type SettingsClass } from './settings.ts';

export interface ConfigDecoratorOptions {
  /** The key of the service's settings that the schema describes, where it is not all of them. */
  section?: string;
}

/** What `@Config(schema)` injects: `value`, typed, frozen and always the one in force, `version`, and `onChange`. */
export type Live<S extends z.ZodType> = LiveConfig<z.output<S>>;

/** One token for a schema and a section, wherever they are named. */
const tokens = new WeakMap<z.ZodType, Map<string | undefined, SettingsClass>>();

/** The settings class that stands behind `@Config(schema)`, for `forFeature`, and for tests that provide a value of their own. */
export function settingsOf<S extends z.ZodType>(
  schema: S,
  { section }: ConfigDecoratorOptions = {},
): SettingsClass<z.output<S>> {
  const sections = tokens.get(schema) ?? new Map<string | undefined, SettingsClass>();
  tokens.set(schema, sections);
  const known = sections.get(section) ?? (Settings(schema, section === undefined ? {} : { section }) as SettingsClass);
  sections.set(section, known);
  return known as SettingsClass<z.output<S>>;
}

/**
 * Injects the settings that `schema` describes, live, into a constructor's parameter or a property of a provider. The module
 * imports `ConfigModule.forFeature(schema)`:
 *
 * ```ts
 * constructor(@Config(MailSchema) private readonly mail: Live<typeof MailSchema>) {}
 * // mail.value.perMinute, mail.onChange((next, previous) => …)
 * ```
 */
export const Config = (
  schema: z.ZodType,
  options: ConfigDecoratorOptions = {},
): ParameterDecorator & PropertyDecorator => Inject(settingsOf(schema, options));
