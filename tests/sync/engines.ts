import type { Instance } from '@rookery/discovery';
import { type OwnServer, startNacos, startOwnEtcd, startOwnEureka, startOwnZooKeeper } from '@rookery/servers';
import { startEmbeddedRegistry } from './embedded-registry.ts';

/** What makes a client of each notice soon what happened there. */
const QUICK: Readonly<Record<string, string>> = {
  embedded: 'wait=1s',
  etcd: 'wait=1s',
  zookeeper: 'session=2s',
  nacos: 'wait=1s',
  eureka: 'every=200ms',
};

export interface Engine {
  name: string;
  server: OwnServer;
  /** Of its server, without more. */
  url: string;
  /** Of a client that notices soon. */
  quickUrl: string;
}

/** Every engine that instances can be registered in, as far as it is installed here. */
export async function startEngines(): Promise<Engine[]> {
  const started = await Promise.all(
    Object.entries({
      embedded: startEmbeddedRegistry,
      etcd: startOwnEtcd,
      zookeeper: startOwnZooKeeper,
      nacos: () => startNacos(),
      eureka: () => startOwnEureka(),
    }).map(async ([name, start]) => [name, await start()] as const),
  );
  return started.flatMap(([name, server]) =>
    server ? [{ name, server, url: server.url, quickUrl: `${server.url}?${QUICK[name]}` }] : [],
  );
}

/** All that an instance can say. */
export const anInstance = (service: string, facts: Partial<Instance> = {}): Instance => ({
  id: `${service}-1`,
  service,
  address: '10.1.0.1',
  port: 3_000,
  grpcPort: 4_000,
  weight: 3,
  zone: 'eu-1b',
  metadata: { version: '1.2', 'a key': 'größe', zone: 'of its own' },
  ...facts,
});
