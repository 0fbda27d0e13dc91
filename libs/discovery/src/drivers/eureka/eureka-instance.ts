import type { Instance } from '../../discovery.ts';
import { discoveryErrors } from '../../errors.ts';
import { byId, checkInstance } from '../instance-text.ts';
import { eurekaKeys, GRPC_PORT } from '../metadata-keys.ts';

/** What Eureka has no field for travels in its metadata: weight and zone under the keys that Spring reads. */
const WEIGHT = 'weight';
const ZONE = 'zone';

export interface EurekaPort {
  $: number;
  '@enabled': string;
}

export interface EurekaInstance {
  instanceId: string;
  app: string;
  vipAddress?: string;
  hostName: string;
  ipAddr: string;
  status: string;
  port?: EurekaPort;
  metadata?: Record<string, string> | null;
}

/** The registration of an instance. Throws `DISCOVERY_BAD_INSTANCE`. */
export function toEureka(instance: Instance, leaseMs: number) {
  checkInstance(instance);
  const { id, service, address, port, grpcPort, weight, zone, metadata } = instance;
  if (/[\s/]/.test(id)) throw discoveryErrors.badInstance(id, 'its id has a space or a slash');
  // Eureka adds the duration twice: an instance that renewed once lasts double the time.
  const leaseSeconds = Math.max(Math.ceil(leaseMs / 2_000), 1);
  return {
    instance: {
      instanceId: id,
      app: service.toUpperCase(),
      vipAddress: service,
      hostName: address,
      ipAddr: address,
      status: 'UP',
      port: { $: port, '@enabled': 'true' },
      securePort: { $: 443, '@enabled': 'false' },
      dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
      leaseInfo: { renewalIntervalInSecs: Math.max(Math.floor(leaseSeconds / 3), 1), durationInSecs: leaseSeconds },
      metadata: {
        [WEIGHT]: String(weight),
        ...(grpcPort === undefined ? {} : { [GRPC_PORT]: String(grpcPort) }),
        ...(zone === undefined ? {} : { [ZONE]: zone }),
        ...eurekaKeys.written(metadata),
      },
    },
  };
}

/** Eureka's names are in capitals; the service's own is in `vipAddress`. */
export const nameOf = ({ app, vipAddress }: EurekaInstance): string =>
  vipAddress?.toUpperCase() === app ? vipAddress : app.toLowerCase();

/** The instances that are up, in the order of their ids. */
export function toInstances(found: readonly EurekaInstance[], service: string): Instance[] {
  return found
    .filter(({ status, port }) => status === 'UP' && port !== undefined)
    .map(({ instanceId, ipAddr, hostName, port, metadata }) => {
      const { [GRPC_PORT]: grpcPort, [WEIGHT]: weight, [ZONE]: zone, '@class': _, ...rest } = metadata ?? {};
      return {
        id: instanceId,
        service,
        address: ipAddr || hostName,
        port: Number(port?.$),
        ...(grpcPort === undefined ? {} : { grpcPort: Number(grpcPort) }),
        weight: Number(weight) >= 0 ? Number(weight) : 1,
        ...(zone === undefined ? {} : { zone }),
        metadata: eurekaKeys.read(rest),
      };
    })
    .sort(byId);
}
