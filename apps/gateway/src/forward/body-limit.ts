import type { RequestHead } from '../request/request-headers.ts';
import type { Route } from '../routes/route.ts';

/** Whether a body is longer than the route takes, as far as its length was said. */
export const isTooLong = ({ contentLength }: RequestHead, { bodyLimitBytes }: Route): boolean =>
  contentLength !== undefined && contentLength > bodyLimitBytes;
