import { RE2JS } from 're2js';
import { z } from 'zod';
import { Pattern } from '../../routes/pattern.ts';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';
import { goTo, pathOf } from './go-to.ts';

const Settings = strictObject({
  name: z.literal('rewrite-path'),
  /** What is replaced in the path: the first place that it fits. */
  pattern: Pattern,
  /** What stands there then; `$1` is the first group. */
  replacement: z
    .string()
    .max(1_024)
    .regex(/^(?:[A-Za-z0-9._~!&'()*+,;=:@/%-]|\$\d)*$/, 'expected path characters and $1'),
}).superRefine(({ pattern, replacement }, context) => {
  const groups = RE2JS.compile(pattern).groupCount();
  const highest = Math.max(0, ...Array.from(replacement.matchAll(/\$(\d)/g), ([, digit]) => Number(digit)));
  if (highest <= groups) return;
  context.addIssue({
    code: 'custom',
    path: ['replacement'],
    message: `the pattern has ${groups} groups, no $${highest}`,
  });
});

/** Another path by a regular expression, in linear time. */
export const rewritePath: FilterKind<z.infer<typeof Settings>> = {
  name: 'rewrite-path',
  schema: Settings,
  order: 400,
  create: ({ pattern, replacement }) => {
    const compiled = RE2JS.compile(pattern);
    return {
      name: 'rewrite-path',
      onRequest: (call) => goTo(call, compiled.matcher(pathOf(call)).replaceFirst(replacement)),
    };
  },
};
