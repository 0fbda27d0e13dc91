import type { Format, SettingsTree } from '@rookery/config';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import { errors } from '../errors.ts';

const MOST_TOLD = 5;
const MOST_KEPT = 200;

export type JsonSchema = Record<string, unknown>;

/** Patterns run in linear time, whoever wrote them. */
const regExp = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern);
    // Ajv keeps patterns by their text.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
  },
  { code: 'linear-time patterns' },
);

const options = { allErrors: true, strict: false, validateFormats: false, code: { regExp }, logger: false } as const;
const kept = new Map<string, ValidateFunction>();

/** Refuses what is no JSON Schema (draft 2020-12). */
export function checkSchema(schema: JsonSchema): void {
  compiled(schema, false);
}

/** Refuses settings that do not satisfy the schema: where and what was expected, never a value. */
export function checkAgainst(schema: JsonSchema, settings: SettingsTree, format: Format): void {
  // Values of .properties are text; they are read as what the schema wants.
  const asText = format === 'properties';
  const validate = compiled(schema, asText);
  if (validate(asText ? structuredClone(settings) : settings)) return;
  const found = (validate.errors ?? []).map(told);
  const more = found.length > MOST_TOLD ? ` (and ${found.length - MOST_TOLD} more)` : '';
  throw errors.schemaMismatch(found.slice(0, MOST_TOLD).join('; ') + more);
}

const told = ({ instancePath, message, params }: ErrorObject): string => {
  const unknown = 'additionalProperty' in params ? ` (${String(params.additionalProperty)})` : '';
  return `${instancePath.slice(1).replaceAll('/', '.') || 'the top'} ${message}${unknown}`;
};

function compiled(schema: JsonSchema, asText: boolean): ValidateFunction {
  const text = `${asText}${JSON.stringify(schema)}`;
  const known = kept.get(text);
  if (known) return known;
  try {
    // An instance for each: schemas that carry the same $id must not meet.
    const validate = new Ajv2020({ ...options, coerceTypes: asText }).compile(schema);
    if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value ?? '');
    kept.set(text, validate);
    return validate;
  } catch (error) {
    throw errors.schemaInvalid(error instanceof Error ? error.message : String(error));
  }
}
