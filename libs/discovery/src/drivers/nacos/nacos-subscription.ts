import type { NacosMessage } from '@rookery/connections/nacos';
import type { Instance } from '../../discovery.ts';
import type { DiscoveryLog } from '../../log.ts';
import { byId } from '../instance-text.ts';
import { type NacosService, toInstances } from './nacos-instance.ts';
import type { NacosNaming } from './nacos-naming.ts';
import { NacosUpkeep } from './nacos-upkeep.ts';

/** A server that comes back knows nobody, and its clients come back within their longest pause of 5 s. */
const GRACE_MS = 6_000;

type Listener = (instances: readonly Instance[]) => void;

/** All watches of a service in this process: one subscription, made anew on each connection. */
export class NacosSubscription extends NacosUpkeep {
  readonly #listeners = new Set<Listener>();
  #current: readonly Instance[] | undefined;
  /** As the server said last. */
  #said: readonly Instance[] = [];
  #saidAtMs: number | undefined;
  #grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly naming: NacosNaming,
    private readonly service: string,
    /** The end of the subscription before, which the server must hear first. */
    private readonly before: Promise<void>,
    private readonly onUnused: (unsubscribed: Promise<void>) => void,
    log: DiscoveryLog | undefined,
  ) {
    super(naming.connection, `watch of ${service}`, log);
    this.keep();
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
    if (this.#current) listener(this.#current);
  }

  remove(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
    this.close();
    const unsubscribed = this.connection.closed ? Promise.resolve() : this.naming.unsubscribe(this.service);
    this.onUnused(unsubscribed.catch(() => {}));
  }

  override connected(): void {
    this.#saidAtMs = undefined;
    clearTimeout(this.#grace);
    this.#grace = this.#current?.length ? setTimeout(() => this.#endGrace(), GRACE_MS) : undefined;
    super.connected();
  }

  override pushed({ type, body }: NacosMessage): void {
    if (type !== 'NotifySubscriberRequest') return;
    const info = body.serviceInfo as NacosService | undefined;
    if (info?.name === this.service && info.groupName === this.naming.group) this.#take(info);
  }

  override close(): void {
    clearTimeout(this.#grace);
    super.close();
  }

  protected override async say(): Promise<void> {
    await this.before;
    const info = await this.naming.subscribe(this.service);
    if (!this.closed) this.#take(info);
  }

  #take(info: NacosService): void {
    // An answer may come after the news of a change that it does not have.
    if (info.lastRefTime < (this.#saidAtMs ?? 0)) return;
    this.#saidAtMs = info.lastRefTime;
    this.#said = toInstances(info, this.service);
    this.#tell();
  }

  /** For some seconds after a reconnection, whom the server does not know again yet is not taken for gone. */
  #tell(): void {
    const missing = this.#grace ? (this.#current ?? []).filter(({ id }) => !this.#said.some((it) => it.id === id)) : [];
    this.#current = [...this.#said, ...missing].sort(byId);
    for (const listener of [...this.#listeners]) listener(this.#current);
  }

  #endGrace(): void {
    this.#grace = undefined;
    // Not before the server has said anything on this connection.
    if (this.#saidAtMs !== undefined) this.#tell();
  }
}
