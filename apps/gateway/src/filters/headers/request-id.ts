import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { strictObject } from '../../strict-object.ts';
import type { FilterKind } from '../filter.ts';

const Settings = strictObject({
  name: z.literal('request-id'),
  /** Whether the id that a client sends is taken over; else each request has a fresh one. */
  accept: z.boolean().default(true),
  /** Header that bears the id too, both ways, for systems that know it by another name. */
  header: z
    .string()
    .regex(/^x-[a-z0-9-]{1,60}$/, 'expected a header name like x-correlation-id')
    .refine((name) => name !== 'x-request-id', { error: 'bears the id anyway' })
    .optional(),
});

const ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whose request id counts, and under which other name it travels. */
export const requestId: FilterKind<z.infer<typeof Settings>> = {
  name: 'request-id',
  schema: Settings,
  order: 0,
  create: ({ accept, header }) => ({
    name: 'request-id',
    onRequest(call) {
      const given = accept && header ? call.header(header) : undefined;
      if (given !== undefined && ID.test(given)) call.requestId = given;
      else if (!accept) call.requestId = randomUUID();
      if (header) call.setHeader(header, call.requestId);
      return undefined;
    },
    onResponse(call) {
      if (header) call.setResponseHeader(header, call.requestId);
    },
  }),
};
