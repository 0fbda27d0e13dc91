import { type Instance, isServiceName, type Registry } from '@rookery/discovery';
import type { Gate } from './gate.ts';
import { MIRRORED_FROM } from './mirrored.ts';

/** What a registry holds that was mirrored from another one: of a process before this one, or beside it. */
export async function leftBehind(
  registry: Registry,
  label: string,
  isMeant: (service: string) => boolean,
  gate: Gate,
): Promise<Map<string, Instance[]>> {
  const services = (await registry.services()).filter((name) => isServiceName(name) && isMeant(name));
  const found = await Promise.all(
    services.map(async (service) => {
      const instances = await gate.run(() => registry.instances(service));
      return [service, instances.filter(({ metadata }) => metadata[MIRRORED_FROM] === label)] as const;
    }),
  );
  return new Map(found.filter(([, instances]) => instances.length > 0));
}
