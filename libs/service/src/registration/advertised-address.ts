import { networkInterfaces } from 'node:os';

const EVERYWHERE = new Set(['0.0.0.0', '::']);

/** The address that others reach this process by: what was set, else the listen address, else the machine's first outer one. */
export function advertisedAddress(
  host: string,
  given: string | undefined,
  interfaces: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): string {
  if (given !== undefined) return given;
  if (!EVERYWHERE.has(host)) return host;
  const outer = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal }) => !internal);
  return (outer.find(({ family }) => family === 'IPv4') ?? outer[0])?.address ?? '127.0.0.1';
}
