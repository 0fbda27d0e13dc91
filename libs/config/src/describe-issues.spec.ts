import { expect, it } from 'vitest';
import { z } from 'zod';
import { describeIssues } from './describe-issues.ts';

function reasonOf(schema: z.ZodType, input: unknown): string {
  const result = schema.safeParse(input);
  if (result.success) throw new Error('these settings fit');
  return describeIssues(result.error.issues, input);
}

const PATH = /^\/[a-z]+$/;

it.each([
  [
    'a format that its schema explains is told in those words',
    z.object({ path: z.string().regex(PATH, 'expected a path like /docs') }),
    { path: 'hunter2' },
    'path: expected a path like /docs, received text',
  ],
  [
    'a format that its schema does not explain is told by its pattern',
    z.object({ path: z.string().regex(PATH) }),
    { path: 'hunter2' },
    'path: expected text that fits /^\\/[a-z]+$/, received text',
  ],
  [
    'a format with a name is told by it',
    z.object({ at: z.email() }),
    { at: 'hunter2' },
    'at: expected text that is a valid email, received text',
  ],
  [
    'what a schema finds wrong by itself is told in its words',
    z.object({ path: z.string().refine(() => false, 'it stands twice') }),
    { path: 'hunter2' },
    'path: it stands twice',
  ],
  [
    'what a schema expects by itself is told with what came',
    z.object({ path: z.string().refine(() => false, 'expected one of a, b') }),
    { path: ['hunter2'] },
    'path: expected text, received a list',
  ],
  [
    'a name that does not fit is told with what was expected of it',
    z.object({ headers: z.record(z.string().regex(/^[a-z-]+$/, 'expected a name in lower case'), z.string()) }),
    { headers: { 'X-Shop': 'hunter2' } },
    'headers.X-Shop: its name: expected a name in lower case',
  ],
  [
    'another type than the schema explains is told in those words',
    z.object({ filter: z.object({}, { error: 'expected a filter like {}' }) }),
    { filter: 'hunter2' },
    'filter: expected a filter like {}, received text',
  ],
  [
    'unknown fields are named',
    z.strictObject({ segments: z.int() }),
    { segments: 1, parts: 'hunter2' },
    'settings: unknown "parts"',
  ],
  [
    'unknown fields are named with what the schema says of them',
    z.strictObject({ segments: z.int() }, { error: 'it takes segments' }),
    { segments: 1, parts: 'hunter2' },
    'settings: unknown "parts" (it takes segments)',
  ],
])('%s, and no value is repeated', (_, schema, input, reason) => {
  expect(reasonOf(schema, input)).toBe(reason);
});
