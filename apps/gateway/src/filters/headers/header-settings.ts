import { z } from 'zod';

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

const changes = (reserved: (name: string) => boolean) => ({
  /** In place of all of that name. Values may hold `{name}` of the route's path and a few more, see template.ts. */
  set: z.record(name(reserved), Value).default({}),
  /** Beside what is there. */
  add: z.record(name(reserved), Value).default({}),
  /** Only where there is none. */
  default: z.record(name(reserved), Value).default({}),
  remove: z.array(name(reserved)).default([]),
  /** Renames: what stands in the one goes to the other. */
  map: z.record(name(reserved), name(reserved)).default({}),
});

export const RequestHeaderSettings = z.strictObject({
  name: z.literal('request-headers'),
  ...changes((text) => FRAMING.test(text) || OWN.test(text)),
});

export const ResponseHeaderSettings = z.strictObject({
  name: z.literal('response-headers'),
  ...changes((text) => FRAMING.test(text)),
});

export type HeaderSettings = Omit<z.infer<typeof RequestHeaderSettings>, 'name'>;
