import type { Instance } from '../discovery.ts';
import { discoveryErrors } from '../errors.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const LONGEST_TEXT_BYTES = 64 * 1024;

const isPort = (port: unknown): port is number => Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;

/** Whether every engine can hold a service of this name. */
export const isServiceName = (name: string): boolean => NAME.test(name);

/** Throws `DISCOVERY_BAD_INSTANCE` where an engine could not hand the instance on to others. */
export function checkInstance({ id, service, port, weight }: Instance): void {
  if (!isServiceName(service)) {
    throw discoveryErrors.badInstance(
      id,
      `"${service}" is no service name (letters, digits, dots, dashes, at most 128)`,
    );
  }
  if (!isPort(port)) throw discoveryErrors.badInstance(id, `its port is ${port}`);
  if (!(weight >= 0)) throw discoveryErrors.badInstance(id, `its weight is ${weight}`);
}

/** An instance as the JSON text that etcd and ZooKeeper keep. Throws `DISCOVERY_BAD_INSTANCE`. */
export function toText(instance: Instance): string {
  checkInstance(instance);
  const text = JSON.stringify(instance);
  if (Buffer.byteLength(text) > LONGEST_TEXT_BYTES) {
    throw discoveryErrors.badInstance(instance.id, `with its metadata it is longer than ${LONGEST_TEXT_BYTES} bytes`);
  }
  return text;
}

/** Undefined for what somebody else wrote there and is no instance of the service. */
export function toInstance(text: string, service: string): Instance | undefined {
  let found: Partial<Instance>;
  try {
    found = JSON.parse(text) as Partial<Instance>;
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null) return undefined;
  const { id, address, port, grpcPort, weight = 1, zone, metadata = {} } = found;
  if (found.service !== service || typeof id !== 'string' || typeof address !== 'string' || !isPort(port)) {
    return undefined;
  }
  return {
    id,
    service,
    address,
    port,
    ...(isPort(grpcPort) ? { grpcPort } : {}),
    weight: typeof weight === 'number' && weight >= 0 ? weight : 1,
    ...(typeof zone === 'string' ? { zone } : {}),
    metadata: textsOf(metadata),
  };
}

function textsOf(metadata: unknown): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null) return {};
  return Object.fromEntries(
    Object.entries(metadata).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** The order in which every driver answers instances, so that equal answers are equal. */
export const byId = (a: Instance, b: Instance): number => (a.id < b.id ? -1 : 1);
