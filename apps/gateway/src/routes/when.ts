import { z } from 'zod';
import { AddressRange } from '../request/trusted-proxies.ts';
import { strictObject } from '../strict-object.ts';
import { Pattern } from './pattern.ts';

const HOST = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
const LOWER_NAME = z.string().regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/, 'expected a header name in lower case');
const NAME = z.string().regex(/^[\w.~-]{1,64}$/, 'expected a plain name');
/** How many things a route may want of a request. */
export const MOST_PREDICATES = 64;

/** One of the ways in which requests of a weight group are kept on the side that they were on. */
export const Sticky = strictObject({
  cookie: NAME.optional(),
  header: LOWER_NAME.optional(),
  principal: z.literal(true).optional(),
  address: z.literal(true).optional(),
}).refine((sticky) => Object.values(sticky).filter((by) => by !== undefined).length === 1, {
  error: 'expected exactly one of cookie, header, principal, address',
});

/** What a request must be for a route to take it, beside its path: everything that is said must hold. */
export const When = strictObject({
  /** Host names, `*.shop.example` for any below it; without port. */
  hosts: z.array(z.string().regex(HOST, 'expected a host like shop.example or *.shop.example')).min(1).optional(),
  methods: z
    .array(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']))
    .min(1)
    .optional(),
  /** Patterns of whole values, by name: of headers, of query parameters (the first of each), of cookies. */
  headers: z.record(LOWER_NAME, Pattern).optional(),
  query: z.record(NAME, Pattern).optional(),
  cookies: z.record(NAME, Pattern).optional(),
  remoteAddresses: z.array(AddressRange).min(1).max(1_000).optional(),
  after: z.iso.datetime({ offset: true }).optional(),
  before: z.iso.datetime({ offset: true }).optional(),
  /** Traffic lane of the request's context. */
  lane: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .optional(),
  /** This route's share of the requests, among all routes of the group. */
  weight: strictObject({
    group: z.string().regex(/^[a-z0-9-]{1,63}$/),
    share: z.number().min(0).max(1_000_000),
    sticky: Sticky.optional(),
  }).optional(),
});

export type When = z.infer<typeof When>;

/** How many things a request must be. */
export const predicatesIn = ({ headers, query, cookies, ...rest }: When): number =>
  [headers, query, cookies].reduce((sum, record) => sum + Object.keys(record ?? {}).length, 0) +
  Object.values(rest).filter((value) => value !== undefined).length;
