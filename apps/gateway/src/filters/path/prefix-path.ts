import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';
import { compileTemplate } from '../template.ts';
import { goTo, pathOf } from './go-to.ts';
import { PathTemplate } from './path-template.ts';

const Settings = strictObject({
  name: z.literal('prefix-path'),
  /** Put before the path; may hold `{name}`. */
  prefix: PathTemplate,
});

/** `/films/7` becomes `/v2/films/7`. */
export const prefixPath: FilterKind<z.infer<typeof Settings>> = {
  name: 'prefix-path',
  schema: Settings,
  order: 400,
  create: ({ prefix }, { route }) => {
    const prefixFor = compileTemplate(prefix.replace(/\/+$/, ''), route);
    return { name: 'prefix-path', onRequest: (call) => goTo(call, prefixFor(call) + pathOf(call)) };
  },
};
