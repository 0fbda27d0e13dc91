import { messageOf } from '../failure.ts';

/** What a driver says, which knows its registry as that of DISCOVERY_URL. */
export const sayOf = (error: unknown, name?: string): string =>
  name === undefined
    ? messageOf(error).replace(' (DISCOVERY_URL)', '')
    : messageOf(error).replaceAll('DISCOVERY_URL', name);
