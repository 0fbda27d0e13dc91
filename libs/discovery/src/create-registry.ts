import { optionalClient } from '@rookery/connections';
import type { Registry } from './discovery.ts';
import { discoveryErrors } from './errors.ts';
import type { DiscoveryLog } from './log.ts';

export const DEFAULT_DISCOVERY_URL = 'consul://127.0.0.1:8500';

export interface RegistryOptions {
  /** Is told when the registry goes away and comes back. */
  log?: DiscoveryLog;
}

type Driver = (url: string, options: RegistryOptions) => Registry | Promise<Registry>;

const consul = async (): Promise<Driver> =>
  (await optionalClient('consul', () => import('./drivers/consul.ts'), discoveryErrors)).createConsulRegistry;
const kubernetes = async (): Promise<Driver> => (await import('./drivers/kubernetes.ts')).createKubernetesRegistry;
const etcd = async (): Promise<Driver> => (await import('./drivers/etcd.ts')).createEtcdRegistry;
const eureka = async (): Promise<Driver> => (await import('./drivers/eureka.ts')).createEurekaRegistry;
const nacos = async (): Promise<Driver> => (await import('./drivers/nacos.ts')).createNacosRegistry;
const zookeeper = async (): Promise<Driver> => (await import('./drivers/zookeeper.ts')).createZooKeeperRegistry;

/** The driver of each scheme, loaded when a URL names it. */
const DRIVERS: Readonly<Record<string, () => Promise<Driver>>> = {
  consul,
  http: consul,
  https: consul,
  kubernetes,
  'kubernetes+http': kubernetes,
  etcd,
  'etcd+tls': etcd,
  'eureka+http': eureka,
  'eureka+https': eureka,
  nacos,
  'nacos+tls': nacos,
  zookeeper,
  'zookeeper+tls': zookeeper,
  dns: async () => (await import('./drivers/dns.ts')).createDnsRegistry,
  static: async () => (await import('./drivers/static.ts')).createStaticRegistry,
};

/** Engines where the platform registers instances, or somebody who writes them down. */
const READ_ONLY: readonly string[] = ['kubernetes', 'kubernetes+http', 'dns', 'static'];

/** Engines where an instance is gone with the connection that registered it, and no lease holds it. */
const WITHOUT_LEASES: readonly string[] = ['nacos', 'nacos+tls'];

const schemeOf = (url: string): string => /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';

/** Whether instances can be registered in the registry of such a URL. */
export const canRegister = (url: string): boolean => !READ_ONLY.includes(schemeOf(url));

/** Whether what a process registers there stays for its lease when the process ends. */
export const outlivesProcess = (url: string): boolean => !WITHOUT_LEASES.includes(schemeOf(url));

/**
 * The registry client that the URL's scheme names. Does not connect: the first call says whether the registry is there.
 * @param url DISCOVERY_URL, else the embedded registry's address, when not given
 */
export async function createRegistry(
  url: string = process.env.DISCOVERY_URL ?? DEFAULT_DISCOVERY_URL,
  options: RegistryOptions = {},
): Promise<Registry> {
  const scheme = schemeOf(url);
  const load = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : undefined;
  if (!load) throw discoveryErrors.unknownScheme(url);
  return (await load())(url, options);
}
