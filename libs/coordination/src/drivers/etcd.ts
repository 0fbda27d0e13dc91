/**
 * Engine: etcd, API v3, 3.4 and newer. Tested on 3.4.
 * Client: that of @rookery/connections, over @grpc/grpc-js; npm `etcd3` has a lock without a queue and without a token.
 * Whoever holds or waits for a lock has a key `/<namespace>/locks/<name>/<lease>` on a lease of its own: the key that was
 * made first holds, each of the others watches the one before it. The token is the revision that made the holder's key.
 * A lease has whole seconds; etcd makes one shorter than 2 s longer. A counter is a key, changed where its last change is
 * the one that was read.
 */
import { parseServerUrl } from '@rookery/connections';
import { EtcdConnection } from '@rookery/connections/etcd';
import type { Coordination, Holder } from '../coordination.ts';
import type { CoordinationOptions } from '../create-coordination.ts';
import { assertName, type Claim, DriverCoordination, safe } from '../driver-coordination.ts';
import { errors } from '../errors.ts';
import type { LeasedLock } from '../leased-lock.ts';
import { EtcdPlace, firstMade } from './etcd/etcd-place.ts';

const NAMESPACE = 'rookery/coordination';

/** @param url `etcd://user:password@host:2379,host:2379/namespace`; `etcd+tls://` with `ca-file`, … */
export async function createEtcdCoordination(url: string, options: CoordinationOptions = {}): Promise<Coordination> {
  const form = { example: 'etcd://host:2379', port: 2379, secureSchemes: ['etcd+tls'], parameters: [] };
  return new EtcdCoordination(await EtcdConnection.to(parseServerUrl(url, form, errors)), options);
}

class EtcdCoordination extends DriverCoordination {
  readonly #root: string;

  constructor(
    private readonly connection: EtcdConnection,
    { log }: CoordinationOptions,
  ) {
    super(log);
    this.#root = `/${connection.url.path || NAMESPACE}/`;
  }

  async holder(name: string): Promise<Holder | undefined> {
    this.assertOpen();
    assertName(name);
    const first = firstMade((await this.connection.range(this.#folder(name), `say who holds ${name}`)).kvs);
    return first && { token: BigInt(first.create_revision), owner: first.value.toString() };
  }

  add(counter: string, by: number): Promise<number> {
    return this.addByComparing(counter, by, async (change) => {
      const { value, revision } = await this.#read(counter);
      const next = change(value);
      return (await this.#write(counter, next, revision)) ? next : undefined;
    });
  }

  async read(counter: string): Promise<number> {
    return (await this.#read(counter)).value;
  }

  async compareAndSet(counter: string, expected: number, next: number): Promise<boolean> {
    const { value, revision } = await this.#read(counter);
    return value === expected && this.#write(counter, safe(counter, next), revision);
  }

  async ping(): Promise<void> {
    this.assertOpen();
    await this.connection.get(`${this.#root}ping`, 'answer');
  }

  protected async claim(claim: Claim): Promise<LeasedLock> {
    const place = new EtcdPlace(this.connection, this.#folder(claim.name), claim);
    const { token, sinceMs } = await place.wait();
    return this.hold({
      ...{ name: claim.name, leaseMs: claim.leaseMs, token, sinceMs },
      renew: () => place.renew(),
      release: () => place.leave(),
    });
  }

  protected async disconnect(): Promise<void> {
    this.connection.close();
  }

  async #read(counter: string): Promise<{ value: number; revision: string }> {
    this.assertOpen();
    assertName(counter);
    const entry = await this.connection.get(this.#counter(counter), `read the counter ${counter}`);
    return entry
      ? { value: safe(counter, entry.value.toString()), revision: entry.mod_revision }
      : { value: 0, revision: '0' };
  }

  async #write(counter: string, value: number, revision: string): Promise<boolean> {
    const what = `set the counter ${counter}`;
    return (
      (await this.connection.putWhereUnchanged(this.#counter(counter), String(value), revision, what)) !== undefined
    );
  }

  #folder(name: string): string {
    return `${this.#root}locks/${encodeURIComponent(name)}/`;
  }

  #counter(name: string): string {
    return `${this.#root}counters/${encodeURIComponent(name)}`;
  }
}
