import { z } from 'zod';
import { parseDuration } from '../domain/duration.ts';
import type { CheckRegistration, Probe } from '../domain/service-record.ts';
import { caseless } from './caseless.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what an id must not hold
const ID = /^[^\u0000-\u001f\u007f]{1,256}$/;
/** Consul probes no more often. */
const SHORTEST_INTERVAL_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]{1,253})):(\d{1,5})$/;

export const id = z.string().regex(ID, 'must be 1 to 256 characters, no control characters');
const duration = z.union([z.string(), z.number()]).transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed === undefined)
    context.addIssue({ code: 'custom', message: `time: invalid duration ${JSON.stringify(text)}` });
  return parsed ?? 0;
});
const url = z
  .string()
  .max(2_048)
  .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http:// or https:// URL');
const inARow = z.number().int().min(0).max(1_000).optional();

const fields = z.object({
  checkid: id.optional(),
  id: id.optional(),
  name: z.string().max(256).optional(),
  notes: z.string().max(1_024).optional(),
  status: z.enum(['passing', 'warning', 'critical', '']).optional(),
  deregistercriticalserviceafter: duration.optional(),
  ttl: duration.optional(),
  http: url.or(z.literal('')).optional(),
  tcp: z.string().regex(HOST_AND_PORT, 'must be host:port').or(z.literal('')).optional(),
  interval: duration.optional(),
  timeout: duration.optional(),
  method: z
    .string()
    .regex(/^[A-Za-z]{0,16}$/, 'is no method')
    .optional(),
  header: z
    .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.array(z.string().regex(/^[^\r\n\0]*$/)))
    .nullish(),
  body: z.string().max(65_536).optional(),
  tlsskipverify: z.boolean().optional(),
  successbeforepassing: inARow,
  failuresbeforecritical: inARow,
});
type Fields = z.output<typeof fields>;

/** A check of PUT /v1/agent/service/register. */
export const check = z.preprocess(
  caseless,
  fields.superRefine(oneKind).transform(
    (given): CheckRegistration => ({
      ...((given.checkid ?? given.id) ? { id: given.checkid ?? given.id } : {}),
      ...(given.name ? { name: given.name } : {}),
      ...(given.notes ? { notes: given.notes } : {}),
      ...(given.status ? { status: given.status } : {}),
      ...(given.deregistercriticalserviceafter ? { deregisterAfterMs: given.deregistercriticalserviceafter } : {}),
      ...(given.ttl ? { ttlMs: given.ttl } : { ttlMs: 0, probe: probeOf(given) }),
    }),
  ),
);

function oneKind({ ttl, http, tcp, interval }: Fields, context: z.RefinementCtx): void {
  const kinds = [ttl, http, tcp].filter(Boolean).length;
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (kinds !== 1) refuse('this registry takes checks with one of TTL, HTTP and TCP');
  else if (ttl && interval) refuse('TTL and Interval cannot both be specified');
  else if (!ttl && !interval) refuse('Interval must be > 0 for HTTP and TCP checks');
}

function probeOf({ http, tcp, method, header, body, tlsskipverify, ...rest }: Fields): Probe {
  const [, v6, host = v6 ?? '', port] = HOST_AND_PORT.exec(tcp ?? '') ?? [];
  return {
    target: http
      ? {
          kind: 'http',
          url: http,
          method: method ? method.toUpperCase() : 'GET',
          headers: header ?? {},
          body: body ?? '',
          anyCertificate: tlsskipverify ?? false,
        }
      : { kind: 'tcp', host, port: Number(port) },
    intervalMs: Math.max(rest.interval ?? 0, SHORTEST_INTERVAL_MS),
    timeoutMs: rest.timeout || DEFAULT_TIMEOUT_MS,
    successesBeforePassing: rest.successbeforepassing ?? 0,
    failuresBeforeCritical: rest.failuresbeforecritical ?? 0,
  };
}
