import type { Instance } from '../../discovery.ts';
import { byId, checkInstance } from '../instance-text.ts';
import { GRPC_PORT, ID, nacosKeys } from '../metadata-keys.ts';

/** Travels in metadata, under the key that Spring reads. */
const ZONE = 'zone';
/** Where nobody names one. Another stands for a zone, where an instance of somebody else says none. */
const CLUSTER = 'DEFAULT';

export interface NacosInstance {
  ip: string;
  port: number;
  weight: number;
  healthy: boolean;
  enabled: boolean;
  ephemeral: boolean;
  clusterName?: string;
  /** Of other clients' instances too, by their address. */
  instanceId?: string | null;
  metadata?: Record<string, string> | null;
}

/** A service as the server tells it. */
export interface NacosService {
  name: string;
  groupName: string;
  /** When the server looked, in ms; what is told later may be older. */
  lastRefTime: number;
  hosts: NacosInstance[];
}

/** The registration of an instance. Throws `DISCOVERY_BAD_INSTANCE`. */
export function toNacos(instance: Instance): NacosInstance {
  checkInstance(instance);
  const { id, address, port, grpcPort, weight, zone, metadata } = instance;
  return {
    ...{ ip: address, port, weight, healthy: true, enabled: true, ephemeral: true },
    metadata: {
      [ID]: id,
      ...(grpcPort === undefined ? {} : { [GRPC_PORT]: String(grpcPort) }),
      ...(zone === undefined ? {} : { [ZONE]: zone }),
      ...nacosKeys.written(metadata),
    },
  };
}

/** The instances that may be called, each once, in the order of their ids. */
export function toInstances({ hosts }: Pick<NacosService, 'hosts'>, service: string): Instance[] {
  const instances = hosts
    .filter(({ healthy, enabled }) => healthy && enabled)
    .map(({ ip, port, weight, instanceId, clusterName = CLUSTER, metadata }) => {
      const others = clusterName === CLUSTER ? undefined : clusterName;
      const { [ID]: id, [GRPC_PORT]: grpcPort, [ZONE]: zone = others, ...rest } = metadata ?? {};
      return {
        id: id ?? instanceId ?? `${ip}:${port}`,
        service,
        address: ip,
        port,
        ...(grpcPort === undefined ? {} : { grpcPort: Number(grpcPort) }),
        weight: weight >= 0 ? weight : 1,
        ...(zone === undefined ? {} : { zone }),
        metadata: nacosKeys.read(rest),
      };
    });
  return [...new Map(instances.map((instance) => [instance.id, instance])).values()].sort(byId);
}
