import { eurekaKeys, GRPC_PORT } from '@rookery/discovery/metadata-keys';
import type { CheckRecord, ServiceRecord } from '../domain/service-record.ts';
import { plainFacts } from '../interop/plain-facts.ts';
import { overrideOf, ownStatus, shownStatus } from './eureka-status.ts';

const WHEN_UNSAID = { duration: '90', renewal: '30' };

/** An instance as Eureka's JSON shows it. */
export type EurekaJson = ReturnType<typeof eurekaJson>;

/** The name that Eureka's clients know a service by. */
export const appOf = ({ name, foreign }: Pick<ServiceRecord, 'name' | 'foreign'>): string =>
  foreign?.['eureka.app'] ?? name.toUpperCase();

/** The id that Eureka's clients know an instance by: the state has each id once, Eureka once in each application. */
export const instanceIdOf = ({ id, foreign }: Pick<ServiceRecord, 'id' | 'foreign'>): string =>
  foreign?.['eureka.id'] ?? id;

/** Whether it registered through Eureka's API. */
export const isOfEureka = ({ foreign }: Pick<ServiceRecord, 'foreign'>): boolean =>
  foreign?.['eureka.duration'] !== undefined;

export function eurekaJson(record: ServiceRecord, checks: readonly CheckRecord[], index: number) {
  const { foreign = {}, address, port } = record;
  const override = overrideOf(record);
  const securePort = foreign['eureka.secure-port'];
  const secureOnly = foreign['eureka.port'] !== undefined;
  const kept = (field: string) =>
    foreign[`eureka.${field}`] === undefined ? {} : { [field]: foreign[`eureka.${field}`] ?? '' };
  const changedAt = String(index);
  return {
    instanceId: instanceIdOf(record),
    hostName: foreign['eureka.host'] ?? address,
    app: appOf(record),
    ipAddr: address,
    status: shownStatus(ownStatus(checks), override) as string,
    overriddenStatus: (override ?? 'UNKNOWN') as string,
    port: { $: Number(foreign['eureka.port'] ?? port), '@enabled': String(!secureOnly) },
    securePort: { $: Number(securePort ?? 443), '@enabled': String(securePort !== undefined) },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: {
      renewalIntervalInSecs: Number(foreign['eureka.renewal'] ?? WHEN_UNSAID.renewal),
      durationInSecs: Number(foreign['eureka.duration'] ?? WHEN_UNSAID.duration),
      registrationTimestamp: record.createIndex,
      lastRenewalTimestamp: index,
      evictionTimestamp: 0,
      serviceUpTimestamp: record.createIndex,
    },
    metadata: metadataOf(record),
    ...kept('appGroupName'),
    ...kept('homePageUrl'),
    ...kept('statusPageUrl'),
    ...kept('healthCheckUrl'),
    ...kept('secureHealthCheckUrl'),
    vipAddress: foreign['eureka.vip'] ?? record.name,
    ...(foreign['eureka.svip'] === undefined ? {} : { secureVipAddress: foreign['eureka.svip'] }),
    isCoordinatingDiscoveryServer: 'false',
    lastUpdatedTimestamp: changedAt,
    lastDirtyTimestamp: changedAt,
    actionType: 'ADDED' as ActionType,
  };
}

export type ActionType = 'ADDED' | 'MODIFIED' | 'DELETED';

function metadataOf(record: ServiceRecord): Record<string, string> {
  const { weight, zone, grpcPort, metadata } = plainFacts(record);
  return {
    ...(weight === 1 ? {} : { weight: String(weight) }),
    ...(zone === undefined ? {} : { zone }),
    ...(grpcPort === undefined ? {} : { [GRPC_PORT]: grpcPort }),
    ...eurekaKeys.written(metadata),
  };
}
