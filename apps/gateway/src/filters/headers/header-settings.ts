import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';

const TOKEN = /^[a-z0-9!#$%&'*+.^_`|~-]{1,128}$/;
/** Those of one connection, and the length that goes with the body. */
const FRAMING =
  /^(?:connection|content-length|expect|host|http2-settings|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/;
/** What the gateway says of a request by itself. */
const OWN = /^(?:x-forwarded-(?:for|host|proto)|x-request-id|traceparent|x-request-timeout-ms)$/;

const name = (reserved: (name: string) => boolean) =>
  z
    .string()
    .regex(TOKEN, 'expected a header name in lower case')
    .refine((text) => !reserved(text), { error: 'is set by the gateway itself' });

const Value = z
  .string()
  .max(4_096)
  .regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII');

/** A header that may be set on what goes upstream, and one on what goes to the client. */
export const RequestHeaderName = name((text) => FRAMING.test(text) || OWN.test(text));
export const ResponseHeaderName = name((text) => FRAMING.test(text));

const changes = (headerName: typeof RequestHeaderName) => ({
  /** In place of all of that name. Values may hold `{name}` of the route's path and a few more, see template.ts. */
  set: z.record(headerName, Value).default({}),
  /** Beside what is there. */
  add: z.record(headerName, Value).default({}),
  /** Only where there is none. */
  default: z.record(headerName, Value).default({}),
  remove: z.array(headerName).default([]),
  /** Renames: what stands in the one goes to the other. */
  map: z.record(headerName, headerName).default({}),
});

export const RequestHeaderSettings = strictObject({
  name: z.literal('request-headers'),
  ...changes(RequestHeaderName),
});

export const ResponseHeaderSettings = strictObject({
  name: z.literal('response-headers'),
  ...changes(ResponseHeaderName),
});

export type HeaderSettings = Omit<z.infer<typeof RequestHeaderSettings>, 'name'>;
