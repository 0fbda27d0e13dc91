import { GRPC_PORT, ID, nacosKeys } from '@rookery/discovery/metadata-keys';
import type { CheckRegistration, ServiceRegistration } from '../domain/service-record.ts';
import { metaOf, numberOr } from '../interop/plain-facts.ts';
import { DEFAULT_CLUSTER, groupedName, type NacosName, PUBLIC, registryName } from './nacos-name.ts';
import type { NacosInstance, NacosPlace } from './nacos-parameters.ts';

/** What an instance may say of its heartbeats, in metadata that Nacos reserves for it; and what holds when it does not. */
const INTERVAL = { key: 'preserved.heart.beat.interval', otherwise: 5_000 };
const TIMEOUT = { key: 'preserved.heart.beat.timeout', otherwise: 15_000 };
const DELETE = { key: 'preserved.ip.delete.timeout', otherwise: 30_000 };
const LONGEST_MS = 86_400_000;
/** How often, and how patiently, an instance without heartbeats is asked for a connection. */
const PROBE = { intervalMs: 3_000, timeoutMs: 2_000, successesBeforePassing: 1, failuresBeforeCritical: 2 };

/** Nacos' own, with the namespace before it where that is not the public one: the state has each id once. */
export const idOf = (name: NacosName, { ip, port, cluster }: NacosPlace): string =>
  [...(name.namespace === PUBLIC ? [] : [name.namespace]), ip, port, cluster, groupedName(name)].join('#');

export interface HeartbeatTimes {
  intervalMs: number;
  timeoutMs: number;
  deleteMs: number;
}

export function heartbeatTimes(metadata: Readonly<Record<string, string>>): HeartbeatTimes {
  const time = ({ key, otherwise }: typeof INTERVAL) => {
    const given = numberOr(metadata[key], otherwise);
    return given > 0 ? Math.min(given, LONGEST_MS) : otherwise;
  };
  return { intervalMs: time(INTERVAL), timeoutMs: time(TIMEOUT), deleteMs: time(DELETE) };
}

/**
 * The instance as the state keeps it, whatever protocol asks for it.
 * @param isHeld by a connection, which renews its lease whatever times it says
 */
export function toRegistration(name: NacosName, instance: NacosInstance, isHeld = false): ServiceRegistration {
  const { ip, port, cluster, weight, metadata, enabled, ephemeral } = instance;
  // Rookery's own driver says an id, for which Nacos has no field.
  const { [ID]: id = idOf(name, instance), ...given } = metadata;
  const { zone = cluster === DEFAULT_CLUSTER ? undefined : cluster, [GRPC_PORT]: grpcPort, ...rest } = given;
  return {
    id,
    name: registryName(name),
    tags: [],
    address: ip,
    port,
    meta: metaOf({
      weight,
      ...(zone === undefined ? {} : { zone }),
      ...(grpcPort === undefined ? {} : { grpcPort }),
      metadata: nacosKeys.read(rest),
    }),
    weights: { passing: 1, warning: 1 },
    foreign: {
      'nacos.cluster': cluster,
      ...(enabled ? {} : { 'nacos.disabled': 'true' }),
      ...(ephemeral ? {} : { 'nacos.persistent': 'true' }),
    },
    checks: enabled || ephemeral ? [ephemeral ? leaseOf(instance, isHeld) : probeOf(instance)] : [disabledOf()],
  };
}

/** A persistent instance sends no heartbeats: the registry looks whether its port answers, as Nacos' servers do. */
const probeOf = ({ ip, port }: NacosInstance): CheckRegistration => ({
  ...{ name: 'Nacos connection', ttlMs: 0 },
  probe: { target: { kind: 'tcp', host: ip, port }, ...PROBE },
});

function leaseOf({ metadata, enabled, healthy }: NacosInstance, isHeld: boolean): CheckRegistration {
  const { timeoutMs, deleteMs } = heartbeatTimes(isHeld ? {} : metadata);
  return {
    name: 'Nacos lease',
    // Callers are sent to what passes only; what warns stays registered, and is not removed.
    status: enabled && healthy ? 'passing' : 'warning',
    ttlMs: timeoutMs,
    deregisterAfterMs: Math.max(deleteMs - timeoutMs, 1),
  };
}

/** Nobody looks at what callers are not sent to anyway. */
const disabledOf = (): CheckRegistration => ({ name: 'Nacos connection', status: 'warning', ttlMs: LONGEST_MS * 365 });
