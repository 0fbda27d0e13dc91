import { z } from 'zod';

/** A path with `{name}` in it. */
export const PathTemplate = z
  .string()
  .max(1_024)
  .regex(/^\/(?!\/)(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2}|\{[a-zA-Z][a-zA-Z0-9]*\})*$/, {
    error: 'expected a path like /films/{id}',
  });
