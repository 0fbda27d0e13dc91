/**
 * Engine: ZooKeeper, 3.5 and newer. Tested on 3.8.
 * Client: that of @rookery/connections, over node's own sockets; why, says its README.
 * A lock's folder is a persistent node `/<namespace>/locks/<name>`, whoever holds or waits an ephemeral sequential node in
 * it: the lowest number holds, each of the others watches the one before it, so that a release wakes one. The token is the
 * transaction that made the holder's node. The lease is the session's time, within the server's limits (2 to 20 ticks).
 * A counter is a persistent node, changed where its version is the one that was read. Folders of names stay.
 */
import { parseServerUrl, type ServerUrl } from '@rookery/connections';
import { ZkNodes, ZkSession } from '@rookery/connections/zookeeper';
import type { Coordination, Holder } from '../coordination.ts';
import type { CoordinationOptions } from '../create-coordination.ts';
import { assertName, type Claim, DriverCoordination, safe } from '../driver-coordination.ts';
import { errors } from '../errors.ts';
import type { LeasedLock } from '../leased-lock.ts';
import { inOrder, ZkPlace } from './zookeeper/zk-place.ts';

const NAMESPACE = 'rookery/coordination';
const SESSION_MS = 10_000;

/** @param url `zookeeper://user:password@host:2181,host:2181/namespace`; `zookeeper+tls://` with `ca-file`, … */
export function createZooKeeperCoordination(url: string, options: CoordinationOptions = {}): Coordination {
  const form = { example: 'zookeeper://host:2181', port: 2181, secureSchemes: ['zookeeper+tls'], parameters: [] };
  return new ZooKeeperCoordination(parseServerUrl(url, form, errors), options);
}

class ZooKeeperCoordination extends DriverCoordination {
  readonly #root: string;
  /** One for each time that a lease was asked for with. */
  readonly #sessions = new Map<number, ZkSession>();

  constructor(
    private readonly url: ServerUrl,
    { log }: CoordinationOptions,
  ) {
    super(log);
    this.#root = `/${url.path || NAMESPACE}`;
  }

  async holder(name: string): Promise<Holder | undefined> {
    assertName(name);
    const nodes = this.#nodes(`say who holds ${name}`);
    for (;;) {
      const [first] = inOrder((await nodes.children(this.#folder(name), false)) ?? []);
      if (first === undefined) return undefined;
      const data = await nodes.data(`${this.#folder(name)}/${first}`);
      if (data) return { token: data.stat.createdBy, owner: data.text };
    }
  }

  add(counter: string, by: number): Promise<number> {
    return this.addByComparing(counter, by, async (change) => {
      const { value, version } = await this.#read(counter);
      const next = change(value);
      return (await this.#write(counter, next, version)) ? next : undefined;
    });
  }

  async read(counter: string): Promise<number> {
    return (await this.#read(counter)).value;
  }

  async compareAndSet(counter: string, expected: number, next: number): Promise<boolean> {
    const { value, version } = await this.#read(counter);
    return value === expected && this.#write(counter, safe(counter, next), version);
  }

  async ping(): Promise<void> {
    await this.#nodes('answer').stat('/', false);
  }

  protected async claim(claim: Claim): Promise<LeasedLock> {
    const session = this.#session(claim.leaseMs);
    const place = new ZkPlace(session, this.#folder(claim.name), claim);
    const { token, sinceMs } = await place.wait();
    const lock = this.hold({
      ...{ name: claim.name, token, sinceMs },
      leaseMs: Math.min(claim.leaseMs, session.grantedMs),
      renew: () => place.isThere(),
      release: () => place.leave(),
    });
    place.onDoubt = () => void lock.check();
    return lock;
  }

  protected async disconnect(): Promise<void> {
    for (const session of this.#sessions.values()) session.close(true);
  }

  async #read(counter: string): Promise<{ value: number; version: number }> {
    this.assertOpen();
    assertName(counter);
    const nodes = this.#nodes(`read the counter ${counter}`);
    const path = this.#counter(counter);
    const data = await nodes.data(path);
    if (data) return { value: safe(counter, data.text || 0), version: data.stat.version };
    await nodes.createPath(path);
    return this.#read(counter);
  }

  #write(counter: string, value: number, version: number): Promise<boolean> {
    return this.#nodes(`set the counter ${counter}`).setData(this.#counter(counter), String(value), version);
  }

  #nodes(what: string): ZkNodes {
    this.assertOpen();
    return new ZkNodes(this.#session(SESSION_MS), what);
  }

  #session(leaseMs: number): ZkSession {
    const session = this.#sessions.get(leaseMs) ?? new ZkSession(this.url, leaseMs, this.log);
    this.#sessions.set(leaseMs, session);
    return session;
  }

  #folder(name: string): string {
    return `${this.#root}/locks/${encodeURIComponent(name)}`;
  }

  #counter(name: string): string {
    return `${this.#root}/counters/${encodeURIComponent(name)}`;
  }
}
