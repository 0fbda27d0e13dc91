import { z } from 'zod';
import { strictObject } from '../strict-object.ts';
import type { FilterKind } from './filter.ts';
import { compileTemplate } from './template.ts';

const Settings = strictObject({
  name: z.literal('redirect'),
  /** A path, or a URL whose host is written out; may hold `{name}` of the route's path. */
  to: z
    .string()
    .max(2_048)
    .regex(/^(?:https?:\/\/[A-Za-z0-9.-]+(?::\d+)?)?\/(?![/\\])[\x21-\x7e]*$/, {
      error: 'expected a path like /films/{id} or a URL like https://shop.example/films/{id}',
    }),
  status: z.literal([301, 302, 303, 307, 308]).default(302),
  /** Whether the query goes along. */
  keepQuery: z.boolean().default(true),
});

/** Sends the client elsewhere; nothing goes upstream. */
export const redirect: FilterKind<z.infer<typeof Settings>> = {
  name: 'redirect',
  schema: Settings,
  order: 300,
  create: ({ to, status, keepQuery }, { route }) => {
    const locationFor = compileTemplate(to, route);
    return {
      name: 'redirect',
      onRequest(call) {
        const location = locationFor(call);
        const query = keepQuery && call.query !== '' ? `${location.includes('?') ? '&' : '?'}${call.query}` : '';
        call.answer(status, ['location', location + query]);
        return 'answered';
      },
    };
  },
};
