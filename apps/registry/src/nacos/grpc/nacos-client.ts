import { registryName } from '../nacos-name.ts';
import type { NacosServices, Wanted } from '../nacos-services.ts';
import type { NacosMessage } from './nacos-payload.ts';

/** A client that does not say so long that it has a push is gone. */
const ACK_MS = 10_000;
const MOST_SUBSCRIPTIONS = 5_000;
/** Unused: changes come by themselves. */
const CACHE_MS = 10_000;

interface Subscription {
  wanted: Wanted;
  /** The push that it has not acknowledged. */
  pending?: { requestId: string; deadline: NodeJS.Timeout };
  /** Whether something has changed since that. */
  changed: boolean;
}

/** Where what is said to a client goes. */
export interface ClientStream {
  send(message: NacosMessage): void;
  end(): void;
}

/** One connection, which to Nacos is one client: what it registered and what it is told of ends with it. */
export class NacosClient {
  /** The instances that it registered, by the registry's name of their service. */
  readonly published = new Map<string, ReadonlySet<string>>();
  readonly #subscriptions = new Map<string, Subscription>();
  #said = 0;

  constructor(
    private readonly stream: ClientStream,
    private readonly services: NacosServices,
  ) {}

  /** Answers false when there are too many. */
  subscribe(wanted: Wanted): boolean {
    const key = keyOf(wanted);
    if (this.#subscriptions.has(key)) return true;
    if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS) return false;
    this.#subscriptions.set(key, { wanted, changed: false });
    return true;
  }

  unsubscribe(wanted: Wanted): void {
    const key = keyOf(wanted);
    clearTimeout(this.#subscriptions.get(key)?.pending?.deadline);
    this.#subscriptions.delete(key);
  }

  /** At most one push of a service is under way: one that is slow gets the latest, not all. */
  changed(service: string): void {
    for (const subscription of this.#subscriptions.values()) {
      if (registryName(subscription.wanted.name) !== service) continue;
      if (subscription.pending) subscription.changed = true;
      else this.#push(subscription);
    }
  }

  /** What the client says on the stream: that it has a push. */
  heard({ body }: NacosMessage): void {
    const requestId = String(body.requestId ?? '');
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.pending?.requestId !== requestId) continue;
      clearTimeout(subscription.pending.deadline);
      delete subscription.pending;
      if (subscription.changed) this.#push(subscription);
    }
  }

  end(): void {
    for (const { pending } of this.#subscriptions.values()) clearTimeout(pending?.deadline);
    this.#subscriptions.clear();
    this.stream.end();
  }

  #push(subscription: Subscription): void {
    const { wanted } = subscription;
    const requestId = String(++this.#said);
    subscription.changed = false;
    subscription.pending = { requestId, deadline: setTimeout(() => this.stream.end(), ACK_MS) };
    const { namespace, group: groupName, service: serviceName } = wanted.name;
    const serviceInfo = this.services.plainService(wanted, CACHE_MS);
    const body = { requestId, module: 'naming', namespace, groupName, serviceName, serviceInfo };
    this.stream.send({ type: 'NotifySubscriberRequest', body });
  }
}

const keyOf = ({ name, clusters }: Wanted): string => `${registryName(name)} ${clusters}`;
