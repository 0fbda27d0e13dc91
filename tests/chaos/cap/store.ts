import { type ConnectionErrors, parseServerUrl } from '@rookery/connections';
import { EtcdConnection } from '@rookery/connections/etcd';
import { ZkNodes, ZkSession } from '@rookery/connections/zookeeper';
import type { Instance, Registry } from '@rookery/discovery';

/** What one side writes under its own name, and what the majority has written, as this side sees it. */
export interface Store {
  read(): Promise<number>;
  write(value: number): Promise<void>;
  close(): Promise<void>;
}

const say = (...words: unknown[]): Error => new Error(words.join(' '));
const errors: ConnectionErrors = { badUrl: say, missingClient: say, unreachable: say, refused: say, closed: say };
const READ_FROM = 'majority';

export async function openStore(url: string, side: string, registry: Registry): Promise<Store> {
  const scheme = new URL(url.replace(/,[^/]*/, '')).protocol;
  if (scheme === 'zookeeper:') return openZooKeeper(url, side);
  if (scheme === 'etcd:') return openEtcd(url, side);
  return inRegistry(side, registry, scheme === 'consul:');
}

async function openZooKeeper(url: string, side: string): Promise<Store> {
  const form = { example: '', port: 2181, secureSchemes: [], parameters: ['session'] };
  const session = new ZkSession(parseServerUrl(url, form, errors), 4_000, undefined);
  const nodes = new ZkNodes(session, 'read and write');
  for (const name of [side, READ_FROM]) await nodes.createPath(`/values/${name}`);
  return {
    read: async () => Number((await nodes.data(`/values/${READ_FROM}`))?.text ?? 0),
    async write(value) {
      await nodes.setData(`/values/${side}`, String(value), -1);
    },
    close: async () => session.close(true),
  };
}

/** Reads are linearizable, etcd's default: the leader asks a majority before it answers. */
async function openEtcd(url: string, side: string): Promise<Store> {
  const form = { example: '', port: 2379, secureSchemes: [], parameters: ['wait'] };
  const connection = await EtcdConnection.to(parseServerUrl(url, form, errors));
  return {
    read: async () => Number((await connection.get(`/values/${READ_FROM}`, 'read'))?.value.toString() ?? 0),
    write: (value) => connection.put(`/values/${side}`, String(value), '0', 'write'),
    close: async () => connection.close(),
  };
}

/** A registry keeps instances and nothing else: a value is the metadata of one. */
function inRegistry(side: string, registry: Registry, cached: boolean): Store {
  const of = (name: string, value: number): Instance => ({
    ...{ id: `values-${name}`, service: `values-${name}`, address: '127.0.0.1', port: 1, weight: 0 },
    metadata: { value: String(value) },
  });
  const numberOf = ([found]: readonly Instance[]): number => Number(found?.metadata.value ?? 0);
  const watch = cached ? registry.watch(`values-${READ_FROM}`, () => {}) : undefined;
  return {
    read: async () => (watch ? numberOf(watch.current) : numberOf(await registry.instances(`values-${READ_FROM}`))),
    async write(value) {
      await registry.register(of(side, value));
    },
    close: async () => watch?.close(),
  };
}
