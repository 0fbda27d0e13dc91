import type { Instance } from '../../discovery.ts';
import { discoveryErrors } from '../../errors.ts';
import { CONSUL_MAX_KEY_CHARS, consulKeys, GRPC_PORT, WEIGHT, ZONE } from '../metadata-keys.ts';

/** Limits of Consul's service metadata. */
const MAX_VALUE_CHARS = 512;
const MAX_PAIRS = 64;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
/** Consul removes a critical service a minute later at the soonest. */
const DEREGISTER_AFTER = '1m';

export const checkId = (instanceId: string): string => `service:${instanceId}`;

/** The registration of an instance: one TTL check, passing from the start. Throws `DISCOVERY_BAD_INSTANCE`. */
export function toRegistration(instance: Instance, leaseMs: number) {
  return {
    id: instance.id,
    name: nameOf(instance),
    address: instance.address,
    port: instance.port,
    meta: toMeta(instance),
    check: {
      name: `${instance.service} heartbeat`,
      checkid: checkId(instance.id),
      ttl: `${leaseMs}ms`,
      timeout: `${leaseMs}ms`,
      status: 'passing',
      deregistercriticalserviceafter: DEREGISTER_AFTER,
    },
  };
}

function nameOf({ id, service, port }: Instance): string {
  if (!NAME.test(service)) {
    throw discoveryErrors.badInstance(
      id,
      `"${service}" is no service name (letters, digits, dots, dashes, at most 128)`,
    );
  }
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw discoveryErrors.badInstance(id, `its port is ${port}`);
  return service;
}

/** With what Consul's Port, Address and Tags have no place for. */
function toMeta({ id, grpcPort, weight, zone, metadata }: Instance): Record<string, string> {
  if (!(weight >= 0)) throw discoveryErrors.badInstance(id, `its weight is ${weight}`);
  const meta: Record<string, string> = {
    [WEIGHT]: String(weight),
    ...(grpcPort === undefined ? {} : { [GRPC_PORT]: String(grpcPort) }),
    ...(zone === undefined ? {} : { [ZONE]: zone }),
  };
  for (const [key, value] of Object.entries(metadata)) {
    const encoded = consulKeys.encoded(key);
    if (encoded.length > CONSUL_MAX_KEY_CHARS)
      throw discoveryErrors.badInstance(id, `the metadata key "${key}" is too long`);
    if (value.length > MAX_VALUE_CHARS) {
      throw discoveryErrors.badInstance(id, `metadata "${key}" is longer than ${MAX_VALUE_CHARS} characters`);
    }
    meta[encoded] = value;
  }
  const pairs = Object.keys(meta).length;
  if (pairs > MAX_PAIRS)
    throw discoveryErrors.badInstance(id, `it has ${pairs} metadata entries, the limit is ${MAX_PAIRS}`);
  return meta;
}

/** An entry of /v1/health/service/:name. */
interface ServiceEntry {
  Node?: { Address?: string };
  Service?: {
    ID?: string;
    Service?: string;
    Address?: string;
    Port?: number;
    Meta?: Record<string, string> | null;
    Weights?: { Passing?: number } | null;
  };
}

/** Instances in the order of their ids, so that equal answers are equal. */
export function toInstances(body: unknown): Instance[] {
  if (!Array.isArray(body)) return [];
  return (body as ServiceEntry[])
    .map(toInstance)
    .filter((instance) => instance !== undefined)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function toInstance({ Node, Service }: ServiceEntry): Instance | undefined {
  const address = Service?.Address || Node?.Address;
  if (!Service?.ID || !Service.Service || !address) return undefined;
  const { [GRPC_PORT]: grpcPort, [WEIGHT]: weight, [ZONE]: zone, ...rest } = Service.Meta ?? {};
  return {
    id: Service.ID,
    service: Service.Service,
    address,
    port: Service.Port ?? 0,
    ...(grpcPort === undefined ? {} : { grpcPort: Number(grpcPort) }),
    weight: weight === undefined ? (Service.Weights?.Passing ?? 1) : Number(weight),
    ...(zone === undefined ? {} : { zone }),
    metadata: consulKeys.read(rest),
  };
}

/** A check in an answer of /v1/health/state/any. */
interface HealthCheck {
  Node?: string;
  Status?: string;
  ServiceID?: string;
  ServiceName?: string;
}

/** What the checks say of the services. */
export interface CheckedServices {
  /** Names of those with an instance whose checks, and whose node's checks, all pass. */
  well: readonly string[];
  /** Names of all that have a check. */
  checked: readonly string[];
}

export function toCheckedServices(body: unknown): CheckedServices {
  const checks = Array.isArray(body) ? (body as HealthCheck[]) : [];
  const unwell = new Set<string>();
  for (const { Node, Status, ServiceID } of checks) {
    if (Status !== 'passing') unwell.add(`${Node}\n${ServiceID ?? ''}`);
  }
  const [well, checked] = [new Set<string>(), new Set<string>()];
  for (const { Node, ServiceID, ServiceName } of checks) {
    if (!ServiceName) continue;
    checked.add(ServiceName);
    if (!unwell.has(`${Node}\n${ServiceID}`) && !unwell.has(`${Node}\n`)) well.add(ServiceName);
  }
  return { well: [...well].sort(), checked: [...checked].sort() };
}

/** The servers of Consul themselves, which nobody calls; they have no check. */
const SERVERS = 'consul';

/** Names in an answer of /v1/catalog/services. */
export const toCatalogueNames = (body: unknown): string[] =>
  Object.keys(body !== null && typeof body === 'object' ? body : {})
    .filter((name) => name !== SERVERS)
    .sort();
