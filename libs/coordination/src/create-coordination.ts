import { type ConnectionLog, optionalClient } from '@rookery/connections';
import type { Coordination } from './coordination.ts';
import { errors } from './errors.ts';

export interface CoordinationOptions {
  /** Is told when the engine goes away and comes back, and of locks that were lost. */
  log?: ConnectionLog;
}

type Driver = (url: string, options: CoordinationOptions) => Coordination | Promise<Coordination>;

const consul = async (): Promise<Driver> => (await import('./drivers/consul.ts')).createConsulCoordination;
const etcd = async (): Promise<Driver> => (await import('./drivers/etcd.ts')).createEtcdCoordination;
const zookeeper = async (): Promise<Driver> => (await import('./drivers/zookeeper.ts')).createZooKeeperCoordination;
const postgres = async (): Promise<Driver> => (await import('./drivers/postgres.ts')).createPostgresCoordination;
const redis = async (): Promise<Driver> =>
  (await optionalClient('@redis/client', () => import('./drivers/redis.ts'), errors)).createRedisCoordination;

/** The driver of each scheme, loaded when a URL names it. */
const DRIVERS: Readonly<Record<string, () => Promise<Driver>>> = {
  ...{ consul, http: consul, https: consul },
  ...{ etcd, 'etcd+tls': etcd },
  ...{ zookeeper, 'zookeeper+tls': zookeeper },
  ...{ postgres, postgresql: postgres },
  ...{ redis, rediss: redis },
};

/**
 * The coordination client that the URL's scheme names. Does not connect: the first call says whether the engine is there.
 * @param url COORDINATION_URL, else DATABASE_URL (Postgres' advisory locks), when not given
 */
export async function createCoordination(
  url: string | undefined = process.env.COORDINATION_URL || process.env.DATABASE_URL,
  options: CoordinationOptions = {},
): Promise<Coordination> {
  if (!url) throw errors.unset();
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const load = Object.hasOwn(DRIVERS, scheme) ? DRIVERS[scheme] : undefined;
  if (!load) throw errors.unknownScheme(scheme);
  return (await load())(url, options);
}
