import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';
import { goTo, pathOf } from './go-to.ts';

const Settings = strictObject({
  name: z.literal('strip-prefix'),
  /** How many segments are taken off the front; a path that has no more of them becomes `/`. */
  segments: z.int().min(1).max(32),
});

/** `/api/films/7` becomes `/films/7`. */
export const stripPrefix: FilterKind<z.infer<typeof Settings>> = {
  name: 'strip-prefix',
  schema: Settings,
  order: 400,
  create: ({ segments }) => ({
    name: 'strip-prefix',
    onRequest(call) {
      const path = pathOf(call);
      let at = 0;
      for (let left = segments; left > 0 && at >= 0; left--) at = path.indexOf('/', at + 1);
      return goTo(call, at < 0 ? '/' : path.slice(at));
    },
  }),
};
