import type { z } from 'zod';

const MOST = 5;

/**
 * Says what is wrong with settings: each path, what was expected and the TYPE of what came. A value is never repeated,
 * because any of them may be a secret.
 */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  input: unknown,
  prefix: readonly string[] = [],
): string {
  const lines = issues.slice(0, MOST).map((issue) => {
    const path = [...prefix, ...issue.path].map(String).join('.') || 'settings';
    const own = ownMessage(issue);
    if (issue.code === 'unrecognized_keys') {
      return `${path}: unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}${own ? ` (${own})` : ''}`;
    }
    if (issue.code === 'invalid_key') return `${path}: its name: ${issue.issues[0]?.message ?? 'does not fit'}`;
    if (own && !own.startsWith('expected ')) return `${path}: ${own}`;
    return `${path}: ${own ?? `expected ${expected(issue)}`}, received ${typeName(at(input, issue.path))}`;
  });
  if (issues.length > MOST) lines.push(`and ${issues.length - MOST} more`);
  return lines.join('; ');
}

/** What zod says of an issue where the schema says nothing. */
const ZODS_OWN = /^(?:Invalid|Unrecognized) /;

const MAY_BE_OWN = new Set(['custom', 'invalid_format', 'invalid_type', 'unrecognized_keys']);

/** The words of the schema itself, of those issues in which they are fixed ones: they know better what is expected. */
function ownMessage({ code, message }: z.core.$ZodIssue): string | undefined {
  return MAY_BE_OWN.has(code) && !ZODS_OWN.test(message) ? message : undefined;
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'string' ? 'text' : issue.expected;
    case 'too_small':
      return `${unit(issue.origin)} ${issue.inclusive === false ? '>' : '>='} ${issue.minimum}`;
    case 'too_big':
      return `${unit(issue.origin)} ${issue.inclusive === false ? '<' : '<='} ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'regex' ? `text that fits ${issue.pattern}` : `text that is a valid ${issue.format}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_union':
      return 'one of the allowed shapes';
    default:
      return `something else (${issue.message})`;
  }
}

const unit = (origin: string): string =>
  origin === 'string' ? 'text of length' : origin === 'array' || origin === 'set' ? 'a list of length' : origin;

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

function typeName(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'text' : typeof value;
}
