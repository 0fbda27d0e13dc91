/**
 * Engine: Consul's HTTP API, version 1: Consul itself, and the embedded registry (apps/registry), which has sessions too.
 * Client: npm `consul` 2 through @rookery/connections.
 * A lock is the key `<namespace>/locks/<name>`, taken by a session of its own whose end deletes the key; no lock delay, for
 * that is what tokens are for. The token is the key's ModifyIndex, which comes from one index of the whole datacenter.
 * Cannot: fair order (whoever asks first after a release has it); a lease below 10 s (the least that a session's TTL may
 * be; Consul ends a session up to twice that after its last renewal, and the holder counts once).
 */
import { type CallLimits, ConsulConnection, consulStatusOf, parseConsulUrl } from '@rookery/connections/consul';
import type { Coordination, Holder } from '../coordination.ts';
import type { CoordinationOptions } from '../create-coordination.ts';
import { assertName, type Claim, DriverCoordination, safe } from '../driver-coordination.ts';
import { errors } from '../errors.ts';
import type { LeasedLock } from '../leased-lock.ts';
import { ConsulSession } from './consul/consul-session.ts';

const NAMESPACE = 'rookery/coordination';
/** Consul adds up to a sixteenth to the wait; the rest is for the way. */
const deadlineMs = (waitMs: number): number => waitMs * (17 / 16) + 1_500;
/** A release may be seen by many; they do not come back at once. */
const LONGEST_BLOCK_MS = 10_000;

interface Entry {
  Value: string | null;
  Session?: string;
  ModifyIndex: number;
}

/** @param url `consul://host:8500/namespace?token=…&dc=…`; `http://` and `https://` mean the same API */
export function createConsulCoordination(url: string, options: CoordinationOptions = {}): Coordination {
  const address = parseConsulUrl(url, errors);
  const root = decodeURIComponent(address.path) || NAMESPACE;
  return new ConsulCoordination(new ConsulConnection(address), root, options);
}

class ConsulCoordination extends DriverCoordination {
  constructor(
    private readonly connection: ConsulConnection,
    private readonly root: string,
    { log }: CoordinationOptions,
  ) {
    super(log);
  }

  async holder(name: string): Promise<Holder | undefined> {
    assertName(name);
    const { entry } = await this.#get(this.#lock(name), `say who holds ${name}`);
    return entry?.Session ? { token: BigInt(entry.ModifyIndex), owner: entry.Value ?? '' } : undefined;
  }

  add(counter: string, by: number): Promise<number> {
    return this.addByComparing(counter, by, async (change) => {
      const { value, index } = await this.#read(counter);
      const next = change(value);
      return (await this.#write(counter, next, index)) ? next : undefined;
    });
  }

  async read(counter: string): Promise<number> {
    return (await this.#read(counter)).value;
  }

  async compareAndSet(counter: string, expected: number, next: number): Promise<boolean> {
    const { value, index } = await this.#read(counter);
    return value === expected && this.#write(counter, safe(counter, next), index);
  }

  async ping(): Promise<void> {
    await this.read('ping');
  }

  protected async claim(claim: Claim): Promise<LeasedLock> {
    const key = this.#lock(claim.name);
    const what = `lock ${claim.name}`;
    const session = await ConsulSession.create(this.connection, claim);
    try {
      for (;;) {
        claim.signal.throwIfAborted();
        const sinceMs = session.renewedAtMs;
        const taken = await this.#put(key, claim.owner, { acquire: session.id }, what);
        const { entry, index } = await this.#get(key, what);
        if (taken && entry?.Session === session.id) {
          return this.hold({
            ...{ name: claim.name, token: BigInt(entry.ModifyIndex), leaseMs: session.ttlMs, sinceMs },
            renew: () => session.renew(),
            release: () => session.destroy(),
          });
        }
        claim.mayWait();
        if (entry?.Session) await this.#untilChanged(key, index, session, claim);
        await session.renewWhenDue();
      }
    } catch (error) {
      await session.destroy().catch(() => {});
      throw error;
    }
  }

  protected async disconnect(): Promise<void> {
    this.connection.close();
  }

  /** Blocks until the key has changed, and for no longer than the session may go without a renewal. */
  async #untilChanged(key: string, index: number, session: ConsulSession, { signal, endsAtMs }: Claim): Promise<void> {
    const leftMs = endsAtMs - performance.now();
    const waitMs = Math.ceil(Math.max(Math.min(leftMs, session.ttlMs / 3, LONGEST_BLOCK_MS), 10));
    const limits = { timeoutMs: deadlineMs(waitMs), signal };
    await this.#get(key, 'wait for a lock', { index: String(index), wait: `${waitMs}ms` }, limits);
  }

  async #get(key: string, what: string, blocking: object = {}, limits?: CallLimits) {
    this.assertOpen();
    try {
      const { body, index } = await this.connection.call(
        what,
        (options) => this.connection.client.kv.get({ key, ...blocking, ...options }),
        limits,
      );
      return { entry: body as Entry | undefined, index };
    } catch (error) {
      if (consulStatusOf(error) === 404) return { entry: undefined, index: 0 };
      throw error;
    }
  }

  async #put(key: string, value: string, condition: object, what: string): Promise<boolean> {
    const { body } = await this.connection.call(what, (options) =>
      this.connection.client.kv.set({ key, value, ...condition, ...options }),
    );
    return body === true;
  }

  async #read(counter: string): Promise<{ value: number; index: number }> {
    assertName(counter);
    const { entry } = await this.#get(this.#counter(counter), `read the counter ${counter}`);
    return { value: safe(counter, entry?.Value || 0), index: entry?.ModifyIndex ?? 0 };
  }

  #write(counter: string, value: number, index: number): Promise<boolean> {
    return this.#put(this.#counter(counter), String(value), { cas: String(index) }, `set the counter ${counter}`);
  }

  #lock(name: string): string {
    return `${this.root}/locks/${name}`;
  }

  #counter(name: string): string {
    return `${this.root}/counters/${name}`;
  }
}
