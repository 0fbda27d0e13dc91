import type { z } from 'zod';
import type { FilterKind } from '../filter.ts';
import { compileHeaders } from './change-headers.ts';
import { ResponseHeaderSettings } from './header-settings.ts';

/** Sets, adds, removes and renames headers of the response, whoever gave it. */
export const responseHeaders: FilterKind<z.infer<typeof ResponseHeaderSettings>> = {
  name: 'response-headers',
  schema: ResponseHeaderSettings,
  order: 20,
  create: (settings, { route }) => {
    const change = compileHeaders(settings, route);
    return { name: 'response-headers', onResponse: (call) => change(call, call.responseHeaders) };
  },
};
