import type { SrvRecord } from 'node:dns';
import type { Instance } from '../../discovery.ts';
import { byId } from '../instance-text.ts';

/**
 * The instances that SRV records speak of: those of the lowest priority, each with the gRPC port that its target has.
 * @param addresses by target
 */
export function toInstances(
  service: string,
  http: readonly SrvRecord[],
  grpc: readonly SrvRecord[],
  addresses: ReadonlyMap<string, string>,
): Instance[] {
  const first = Math.min(...http.map(({ priority }) => priority));
  const records = http.filter(({ priority, name }) => priority === first && addresses.get(name));
  const unweighted = records.every(({ weight }) => weight === 0);
  return records
    .map(({ name, port, weight }) => {
      const grpcPorts = grpc.filter((record) => record.name === name);
      // Two instances on one host cannot be told apart by their target: then nobody says whose gRPC port it is.
      const alone = grpcPorts.length === 1 && records.filter((record) => record.name === name).length === 1;
      const [grpcPort] = alone ? grpcPorts : [];
      return {
        id: `${name}:${port}`,
        service,
        address: addresses.get(name) ?? '',
        port,
        ...(grpcPort ? { grpcPort: grpcPort.port } : {}),
        weight: unweighted ? 1 : weight,
        metadata: {},
      };
    })
    .sort(byId);
}
