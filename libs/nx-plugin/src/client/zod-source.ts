/** A schema of an OpenAPI 3 document. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  nullable?: boolean;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

const REFERENCE = '#/components/schemas/';

/**
 * The zod source of a schema: types, and which properties must be there. Limits (lengths, formats, ranges) are left to the
 * service, which checks them and may change them.
 * @param refer the identifier of a named schema
 */
export function zodSource(schema: JsonSchema, refer: (name: string) => string): string {
  const source = (inner: JsonSchema): string => zodSource(inner, refer);
  if (schema.nullable) return `${source({ ...schema, nullable: false })}.nullable()`;
  if (schema.$ref !== undefined) return refer(schema.$ref.replace(REFERENCE, ''));
  if (schema.const !== undefined) return `z.literal(${literal(schema.const)})`;
  if (schema.enum) return `z.literal([${schema.enum.map(literal).join(', ')}])`;
  if (schema.allOf) return schema.allOf.map(source).reduce((left, right) => `z.intersection(${left}, ${right})`);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return union(choices.map(source));
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => source({ ...schema, type })));
  switch (schema.type) {
    case 'string':
      return 'z.string()';
    case 'integer':
    case 'number':
      return 'z.number()';
    case 'boolean':
      return 'z.boolean()';
    case 'null':
      return 'z.null()';
    case 'array':
      return `z.array(${source(schema.items ?? {})})`;
    default:
      return schema.type === 'object' || schema.properties ? objectSource(schema, source) : 'z.unknown()';
  }
}

function objectSource(schema: JsonSchema, source: (inner: JsonSchema) => string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const known = Object.entries(properties);
  if (known.length === 0) {
    const values = typeof additionalProperties === 'object' ? source(additionalProperties) : 'z.unknown()';
    return `z.record(z.string(), ${values})`;
  }
  const fields = known.map(([name, inner]) => {
    const optional = required.includes(name) ? '' : '.optional()';
    return `${propertyKey(name)}: ${source(inner)}${optional}`;
  });
  return `z.object({ ${fields.join(', ')} })`;
}

/** As the key of an object literal. */
export const propertyKey = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name));

/** As source; nothing that a document says can end the string. */
export const literal = (value: unknown): string => JSON.stringify(value).replaceAll('\u2028', '\\u2028');

const union = (sources: string[]): string => {
  const [only, ...more] = new Set(sources);
  return more.length === 0 ? String(only) : `z.union([${[only, ...more].join(', ')}])`;
};

/** Names of the schemas that a schema refers to, at any depth. */
export function references(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value.replace(REFERENCE, '')] : references(value),
  );
}
