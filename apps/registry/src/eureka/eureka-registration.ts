import { eurekaKeys, GRPC_PORT } from '@rookery/discovery/metadata-keys';
import { z } from 'zod';
import type { ServiceRegistration } from '../domain/service-record.ts';
import { metaOf, numberOr } from '../interop/plain-facts.ts';
import { checkStatusOf, type EurekaStatus, statusOf } from './eureka-status.ts';

/** Unless the instance says another lease, as Eureka has it. */
const LEASE_SECONDS = 90;
const RENEWAL_SECONDS = 30;
/** A service that is not renewed is taken out a minute after it counts as down. */
const DEREGISTER_AFTER_MS = 60_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const LONGEST_TEXT = 2_048;
const MOST_METADATA = 64;

/** Fields that are kept as they are, for Eureka's clients. */
const KEPT = ['homePageUrl', 'statusPageUrl', 'healthCheckUrl', 'secureHealthCheckUrl', 'appGroupName'] as const;

// Clients send numbers as numbers and as text.
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String).pipe(z.string().max(LONGEST_TEXT));
const word = text.pipe(z.string().regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 characters without spaces'));
const portNumber = z.coerce.number().int().min(0).max(65_535);
const port = z
  .union([
    portNumber.transform((number) => ({ number, enabled: undefined })),
    z
      .object({ $: portNumber, '@enabled': text.optional() })
      .transform(({ $: number, '@enabled': enabled }) => ({ number, enabled: enabled?.toLowerCase() === 'true' })),
  ])
  .nullish();

export const eurekaInstance = z.object({
  instanceId: word.nullish(),
  hostName: word.nullish(),
  app: z.string({ error: 'Missing application name' }).regex(NAME, 'is no application name'),
  ipAddr: word.nullish(),
  vipAddress: text.nullish(),
  secureVipAddress: text.nullish(),
  status: text.nullish(),
  port,
  securePort: port,
  leaseInfo: z
    .object({ renewalIntervalInSecs: z.coerce.number().nullish(), durationInSecs: z.coerce.number().nullish() })
    .nullish(),
  metadata: z.record(z.string().max(128), text.nullish()).nullish(),
  ...Object.fromEntries(KEPT.map((name) => [name, text.nullish()])),
});

export type EurekaBody = z.infer<typeof eurekaInstance>;

export interface EurekaRegistration {
  registration: ServiceRegistration;
  instanceId: string;
  own: EurekaStatus;
}

/** The instance as the state keeps it, whatever protocol asks for it. */
export function toRegistration(body: EurekaBody): EurekaRegistration {
  const hostName = body.hostName ?? body.ipAddr ?? '';
  const instanceId = body.instanceId ?? hostName;
  const name = body.vipAddress?.toUpperCase() === body.app.toUpperCase() ? body.vipAddress : body.app.toLowerCase();
  const secureOnly = body.port?.enabled === false && body.securePort?.enabled === true;
  const { weight, zone, [GRPC_PORT]: grpcPort, ...rest } = metadataOf(body);
  const duration = inSeconds(body.leaseInfo?.durationInSecs, LEASE_SECONDS);
  const foreign = {
    'eureka.app': body.app === name.toUpperCase() ? undefined : body.app,
    'eureka.vip': body.vipAddress === name ? undefined : (body.vipAddress ?? ''),
    'eureka.svip': body.secureVipAddress,
    'eureka.host': hostName === body.ipAddr ? undefined : hostName,
    'eureka.port': secureOnly ? String(body.port?.number ?? 0) : undefined,
    'eureka.secure-port': body.securePort?.enabled ? String(body.securePort.number) : undefined,
    'eureka.duration': String(duration),
    'eureka.renewal': String(inSeconds(body.leaseInfo?.renewalIntervalInSecs, RENEWAL_SECONDS)),
    ...Object.fromEntries(KEPT.map((field) => [`eureka.${field}`, (body as Record<string, unknown>)[field]])),
  };
  const own = statusOf(body.status ?? 'UP');
  return {
    instanceId,
    own,
    registration: {
      id: instanceId,
      name,
      tags: [],
      address: body.ipAddr ?? hostName,
      port: (secureOnly ? body.securePort?.number : body.port?.number) ?? 0,
      meta: metaOf({
        weight: Math.max(numberOr(weight, 1), 0),
        ...(zone === undefined ? {} : { zone }),
        ...(grpcPort === undefined ? {} : { grpcPort }),
        metadata: eurekaKeys.read(rest),
      }),
      weights: { passing: 1, warning: 1 },
      foreign: present(foreign),
      checks: [
        {
          name: 'Eureka lease',
          status: checkStatusOf(own),
          // As Eureka's servers do, whose clients count on it: an instance that renewed lasts for two durations.
          ttlMs: 2 * duration * 1_000,
          deregisterAfterMs: DEREGISTER_AFTER_MS,
        },
      ],
    },
  };
}

const inSeconds = (given: number | null | undefined, otherwise: number): number =>
  given && given > 0 ? Math.min(Math.ceil(given), 86_400) : otherwise;

function metadataOf({ metadata }: EurekaBody): Record<string, string> {
  const entries = Object.entries(metadata ?? {}).filter(([key]) => key !== '@class' && key !== '__proto__');
  return Object.fromEntries(entries.slice(0, MOST_METADATA).map(([key, value]) => [key, value ?? '']));
}

const present = (facts: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) =>
      value === undefined || value === null ? [] : [[key, String(value)]],
    ),
  );
