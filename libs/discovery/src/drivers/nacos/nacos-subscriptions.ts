import type { Instance } from '../../discovery.ts';
import type { DiscoveryLog } from '../../log.ts';
import type { NacosNaming } from './nacos-naming.ts';
import { NacosSubscription } from './nacos-subscription.ts';

/** The subscriptions of a process, one a service, as long as somebody watches it. */
export class NacosSubscriptions {
  readonly #subscriptions = new Map<string, NacosSubscription>();
  /** Ends that the server has not heard yet. */
  readonly #ending = new Map<string, Promise<void>>();

  constructor(
    private readonly naming: NacosNaming,
    private readonly log: DiscoveryLog | undefined,
  ) {}

  watch(service: string, listener: (instances: readonly Instance[]) => void): { close(): void } {
    const subscription = this.#subscriptions.get(service) ?? this.#begin(service);
    subscription.add(listener);
    return { close: () => subscription.remove(listener) };
  }

  #begin(service: string): NacosSubscription {
    const onUnused = (unsubscribed: Promise<void>): void => {
      this.#subscriptions.delete(service);
      this.#ending.set(service, unsubscribed);
      void unsubscribed.then(() => {
        if (this.#ending.get(service) === unsubscribed) this.#ending.delete(service);
      });
    };
    const before = this.#ending.get(service) ?? Promise.resolve();
    const subscription = new NacosSubscription(this.naming, service, before, onUnused, this.log);
    this.#subscriptions.set(service, subscription);
    return subscription;
  }
}
