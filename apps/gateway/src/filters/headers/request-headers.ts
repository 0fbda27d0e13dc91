import type { z } from 'zod';
import type { FilterKind } from '../filter.ts';
import { compileHeaders } from './change-headers.ts';
import { RequestHeaderSettings } from './header-settings.ts';

/** Sets, adds, removes and renames headers of the request that goes upstream. */
export const requestHeaders: FilterKind<z.infer<typeof RequestHeaderSettings>> = {
  name: 'request-headers',
  schema: RequestHeaderSettings,
  order: 450,
  create: (settings, { route }) => {
    const change = compileHeaders(settings, route);
    return {
      name: 'request-headers',
      onRequest(call) {
        change(call, call.headers);
        return undefined;
      },
    };
  },
};
