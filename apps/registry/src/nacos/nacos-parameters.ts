import { z } from 'zod';
import { Refusal } from '../domain/refusal.ts';
import { parameter, type Request } from '../http/exchange.ts';
import { bytes } from '../http/json-body.ts';
import { DEFAULT_CLUSTER, type NacosName, PUBLIC, splitName } from './nacos-name.ts';

const MOST_METADATA = 64;
const SCOPE = /^[A-Za-z0-9_.:-]{1,128}$/;
const SERVICE = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,255}$/;
const CLUSTER = /^[A-Za-z0-9_-]{1,64}$/;
/** Nacos' bounds of a weight. */
const WEIGHTS = { least: 0, most: 10_000 };

/** What was asked, by name: of the query, else of the form in the body; what is empty is not there. */
export type Asked = (name: string) => string | undefined;

export function asked(request: Request): Asked {
  const form = new URLSearchParams(bytes(request).toString('utf8'));
  return (name) => parameter(request, name) || form.get(name) || undefined;
}

export function required(ask: Asked, name: string): string {
  const value = ask(name);
  if (value === undefined) throw new Refusal(400, `Param '${name}' is required.`);
  return value;
}

/** @param name the service's where it is not among what was asked, as in a heartbeat */
export function nameOf(ask: Asked, name = required(ask, 'serviceName')): NacosName {
  const { group, service } = splitName(name, ask('groupName'));
  const namespace = ask('namespaceId') ?? ask('tenant') ?? PUBLIC;
  if (!SERVICE.test(service)) throw new Refusal(400, `serviceName: "${service.slice(0, 64)}" is no service's name`);
  if (!SCOPE.test(group)) throw new Refusal(400, 'groupName: 1 to 128 letters, digits, or _ . : -');
  if (!SCOPE.test(namespace)) throw new Refusal(400, 'namespaceId: 1 to 128 letters, digits, or _ . : -');
  return { namespace, group, service };
}

const isTrue = z
  .union([z.boolean(), z.string()])
  .transform((value) => value === true || /^(true|on|yes|y|t)$/i.test(String(value)));
const metadata = z
  .record(z.string().min(1).max(128), z.union([z.string().max(2_048), z.number(), z.boolean(), z.null()]))
  .transform((given) =>
    Object.fromEntries(
      Object.entries(given).flatMap(([key, value]) => (key === '__proto__' ? [] : [[key, String(value ?? '')]])),
    ),
  )
  .refine((given) => Object.keys(given).length <= MOST_METADATA, `more than ${MOST_METADATA} entries`);

/** Where an instance is: what tells it from the others of its service. */
const place = z.object({
  ip: z.string('is required').regex(/^[A-Za-z0-9_.:-]{1,253}$/, 'is no address'),
  port: z.coerce.number('is no port').int('is no port').min(0, 'is no port').max(65_535, 'is no port'),
  cluster: z.string().regex(CLUSTER, 'letters, digits, _ and - alone').default(DEFAULT_CLUSTER),
});
export type NacosPlace = z.infer<typeof place>;

const instance = place.extend({
  weight: z.coerce
    .number('is no number')
    .min(WEIGHTS.least, 'is below 0')
    .max(WEIGHTS.most, `is above ${WEIGHTS.most}`)
    .default(1),
  enabled: isTrue.default(true),
  healthy: isTrue.default(true),
  ephemeral: isTrue.default(true),
  metadata: metadata.default({}),
});
export type NacosInstance = z.infer<typeof instance>;

export const placeOf = (ask: Asked): NacosPlace =>
  checked(place, { ip: ask('ip'), port: required(ask, 'port'), cluster: clusterOf(ask) });

export const instanceOf = (ask: Asked): NacosInstance =>
  checked(instance, {
    ...{ ip: ask('ip'), port: required(ask, 'port'), cluster: clusterOf(ask), weight: ask('weight') },
    enabled: ask('enabled') ?? ask('enable'),
    ...{ healthy: ask('healthy'), ephemeral: ask('ephemeral') },
    metadata: metadataOf(ask('metadata')),
  });

/** The instance that a heartbeat describes; undefined for a light one, which only says where it is. */
export function beatOf(ask: Asked): NacosInstance | undefined {
  const text = ask('beat');
  if (text === undefined) return undefined;
  const beat = json(text);
  if (typeof beat !== 'object' || beat === null) throw new Refusal(400, 'beat: is no JSON');
  return instanceFrom({ clusterName: clusterOf(ask), ...beat, healthy: true });
}

/** An instance as clients write it in JSON; what is null is not there. */
export function instanceFrom(given: unknown): NacosInstance {
  const facts = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  const present = Object.fromEntries(facts.filter(([, value]) => value !== null && value !== ''));
  return checked(instance, { ...present, cluster: present.cluster ?? present.clusterName });
}

const clusterOf = (ask: Asked): string | undefined => ask('clusterName') ?? ask('cluster');

/** JSON, or `key=value,key=value`, as Nacos takes it. */
function metadataOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (text.trimStart().startsWith('{')) return json(text);
  const pairs = text.split(',').map((pair) => pair.split('='));
  if (pairs.some((pair) => pair.length !== 2)) throw new Refusal(400, 'metadata: is neither JSON nor key=value');
  return Object.fromEntries(pairs);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function checked<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refusal(400, `${issue?.path.join('.')}: ${issue?.message}`);
}
