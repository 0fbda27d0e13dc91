/** One thing that is wrong with a value, without the value itself, which may be a secret. */
export interface ValidationIssue {
  /** `items[0].quantity`; empty when the value as a whole is wrong. */
  path: string;
  expected: string;
  received: string;
}

/** The part of a Standard Schema issue that we read, with what zod adds to it. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
  readonly code?: string;
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly origin?: string;
  readonly keys?: readonly string[];
  readonly divisor?: number | bigint;
}

/** Issues are many when an attacker wants them to be; what comes after these is left out. */
const MOST = 20;

/** Says what a schema found wrong with `value`: where, what was expected, what kind of value came. */
export function describeIssues(issues: readonly SchemaIssue[], value: unknown): ValidationIssue[] {
  return issues.slice(0, MOST).map((issue) => {
    const keys = (issue.path ?? []).map((segment) => (typeof segment === 'object' ? segment.key : segment));
    const found = keys.reduce<unknown>(step, value);
    return { path: pathOf(keys), expected: expectedBy(issue), received: kindOf(found, issue) };
  });
}

const step = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;

function pathOf(keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`;
    return path === '' ? String(key) : `${path}.${String(key)}`;
  }, '');
}

function expectedBy(issue: SchemaIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected ?? issue.message;
    case 'invalid_value':
      return `one of ${(issue.values ?? []).map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `text like ${issue.pattern}` : `${issue.format}`;
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unitOf(issue)}`;
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unitOf(issue)}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'no other keys';
    default:
      return issue.message;
  }
}

const UNITS: Record<string, string> = { string: ' characters', array: ' items', set: ' items', file: ' bytes' };
const unitOf = ({ origin = '' }: SchemaIssue): string => UNITS[origin] ?? '';

function kindOf(value: unknown, issue: SchemaIssue): string {
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? [])
      .slice(0, MOST)
      .map((key) => JSON.stringify(key))
      .join(', ');
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return issue.origin === 'array' ? `${value.length} items` : 'array';
  if (typeof value === 'number') return issue.code === 'invalid_type' && Number.isNaN(value) ? 'NaN' : `number`;
  if (typeof value === 'string') return issue.origin === 'string' ? `${value.length} characters` : 'string';
  return typeof value;
}
