import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';
import { compileTemplate } from '../template.ts';
import { goTo } from './go-to.ts';
import { PathTemplate } from './path-template.ts';

const Settings = strictObject({
  name: z.literal('set-path'),
  /** In place of the path; may hold `{name}` of the route's path. The query stays. */
  path: PathTemplate,
});

/** `/shop/{id}` becomes `/api/catalog/films/{id}`. */
export const setPath: FilterKind<z.infer<typeof Settings>> = {
  name: 'set-path',
  schema: Settings,
  order: 400,
  create: ({ path }, { route }) => {
    const pathFor = compileTemplate(path, route);
    return { name: 'set-path', onRequest: (call) => goTo(call, pathFor(call)) };
  },
};
