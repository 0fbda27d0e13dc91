import { randomUUID } from 'node:crypto';
import type { ConfigSource } from './config.ts';
import type { DriverOptions } from './drivers/driver-options.ts';
import { environmentSource } from './drivers/environment.ts';
import { errors } from './errors.ts';

export const DEFAULT_CONFIG_URL = 'http://127.0.0.1:8090';

export interface OpenOptions {
  /** Name of the service whose settings these are. */
  service: string;
  /** Id under which this process reports what it applied; `INSTANCE_ID` or a random one when not given. */
  instance?: string;
  /** What grey releases may go by, `zone=a,canary=yes`; `INSTANCE_LABELS` when not given. */
  labels?: string;
  /** Where settings come from, several divided by blanks, a later one over the earlier; `CONFIG_URL` when not given. */
  url?: string;
  /** Where the last applied settings are kept for a start without the centre; `ROOKERY_HOME` when not given. */
  home?: string;
  /** How long a start without a copy on disk waits for the centre, in ms; 60000. */
  waitMs?: number;
}

const DRIVERS: readonly { scheme: RegExp; open(options: DriverOptions): Promise<ConfigSource> }[] = [
  { scheme: /^consul:/, open: async (options) => (await import('./drivers/consul.ts')).consulSource(options) },
  { scheme: /^etcd(\+tls)?:/, open: async (options) => (await import('./drivers/etcd.ts')).etcdSource(options) },
  { scheme: /^nacos(\+https?)?:/, open: async (options) => (await import('./drivers/nacos.ts')).nacosSource(options) },
  { scheme: /^apollo\+https?:/, open: async (options) => (await import('./drivers/apollo.ts')).apolloSource(options) },
  {
    scheme: /^kubernetes(\+http)?:/,
    open: async (options) => (await import('./drivers/kubernetes.ts')).kubernetesSource(options),
  },
  { scheme: /^spring\+https?:/, open: async (options) => (await import('./drivers/spring.ts')).springSource(options) },
];

/** The source that a URL names; its driver is loaded by the URL's scheme. */
export async function openConfigSource(options: OpenOptions): Promise<ConfigSource> {
  const url = options.url ?? process.env.CONFIG_URL ?? DEFAULT_CONFIG_URL;
  if (url.startsWith('file:')) {
    const { fileSource } = await import('./drivers/file.ts');
    return fileSource(url.slice('file:'.length), options.service);
  }
  if (/^https?:\/\//.test(url)) {
    const { configCenterSource } = await import('./drivers/config-center/config-center-source.ts');
    return configCenterSource({
      url,
      service: options.service,
      instance: options.instance ?? process.env.INSTANCE_ID ?? `${options.service}-${randomUUID().slice(0, 8)}`,
      labels: options.labels ?? process.env.INSTANCE_LABELS ?? '',
      home: options.home ?? process.env.ROOKERY_HOME ?? '.rookery',
      ...(options.waitMs !== undefined && { waitMs: options.waitMs }),
    });
  }
  const driver = DRIVERS.find(({ scheme }) => scheme.test(url));
  if (!driver) throw errors.unknownScheme(url);
  const home = options.home ?? process.env.ROOKERY_HOME ?? '.rookery';
  const waits = options.waitMs !== undefined && { waitMs: options.waitMs };
  return driver.open({ url, service: options.service, home, ...waits });
}

/**
 * All sources of a service, lowest first: the file that `CONFIG_FILE` names, the places of `CONFIG_URL` in their order, the
 * environment.
 */
export async function openConfigSources(options: OpenOptions): Promise<ConfigSource[]> {
  const urls = (options.url ?? process.env.CONFIG_URL ?? DEFAULT_CONFIG_URL).split(/\s+/).filter(Boolean);
  const places: ConfigSource[] = [];
  try {
    for (const url of urls) places.push(await openConfigSource({ ...options, url }));
  } catch (error) {
    await Promise.all(places.map((place) => place.close()));
    throw error;
  }
  const sources = [...places, environmentSource(options.service)];
  const file = process.env.CONFIG_FILE;
  if (!file) return sources;
  const { fileSource } = await import('./drivers/file.ts');
  return [fileSource(file, options.service), ...sources];
}
