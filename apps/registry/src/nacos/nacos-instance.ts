import { GRPC_PORT, ID, nacosKeys } from '@rookery/discovery/metadata-keys';
import type { CheckRecord, ServiceRecord } from '../domain/service-record.ts';
import { plainFacts } from '../interop/plain-facts.ts';
import { DEFAULT_CLUSTER, groupedName, nacosName } from './nacos-name.ts';
import { heartbeatTimes, idOf } from './nacos-registration.ts';

/** Whether it registered through Nacos' API. */
export const isOfNacos = ({ foreign }: Pick<ServiceRecord, 'foreign'>): boolean =>
  foreign?.['nacos.cluster'] !== undefined;

/** Those of other protocols are in the cluster that clients ask for when they name none. */
export const clusterOf = ({ foreign }: Pick<ServiceRecord, 'foreign'>): string =>
  foreign?.['nacos.cluster'] ?? DEFAULT_CLUSTER;

export const isEnabled = ({ foreign }: Pick<ServiceRecord, 'foreign'>): boolean =>
  foreign?.['nacos.disabled'] === undefined;

export const isPersistent = ({ foreign }: Pick<ServiceRecord, 'foreign'>): boolean =>
  foreign?.['nacos.persistent'] !== undefined;

/** An instance as Nacos' JSON shows it. */
export type NacosJson = ReturnType<typeof nacosJson>;

export function nacosJson(record: ServiceRecord, checks: readonly CheckRecord[]) {
  const { address, port } = record;
  const grouped = groupedName(nacosName(record.name));
  const cluster = clusterOf(record);
  const isNamedByNacos = record.id === idOf(nacosName(record.name), { ip: address, port, cluster });
  const metadata = { ...(isNamedByNacos ? {} : { [ID]: record.id }), ...metadataOf(record, cluster) };
  const healthy = checks.every(({ status }) => status === 'passing');
  const times = heartbeatTimes(metadata);
  return {
    instanceId: [address, port, cluster, grouped].join('#'),
    ip: address,
    port,
    weight: plainFacts(record).weight,
    healthy,
    valid: healthy,
    enabled: isEnabled(record),
    ephemeral: !isPersistent(record),
    marked: false,
    clusterName: cluster,
    serviceName: grouped,
    metadata,
    instanceHeartBeatInterval: times.intervalMs,
    instanceHeartBeatTimeOut: times.timeoutMs,
    ipDeleteTimeout: times.deleteMs,
    instanceIdGenerator: 'simple',
  };
}

function metadataOf(record: ServiceRecord, cluster: string): Record<string, string> {
  const { zone, grpcPort, metadata } = plainFacts(record);
  return {
    // The zone of an instance that said none is its cluster.
    ...(zone === undefined || (isOfNacos(record) && zone === cluster) ? {} : { zone }),
    ...(grpcPort === undefined ? {} : { [GRPC_PORT]: grpcPort }),
    ...nacosKeys.written(metadata),
  };
}
