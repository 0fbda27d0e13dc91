import type { RegistryState } from '../../domain/registry-state.ts';
import type { NacosServices } from '../nacos-services.ts';
import { type ClientStream, NacosClient } from './nacos-client.ts';

const TOPIC = 'service:';
/** Changes that come together are one push. */
const TOGETHER_MS = 20;
/** How often the instances of the connections that are there are kept alive: thrice in their lease. */
const RENEW_MS = 5_000;
const MOST = 10_000;

/** Who is connected, by address: a request and the stream of one client come through one connection. */
export class NacosClients {
  readonly #byPeer = new Map<string, NacosClient>();
  readonly #changed = new Set<string>();
  readonly #stopListening: () => void;
  readonly #renewing: NodeJS.Timeout;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly state: RegistryState,
    private readonly services: NacosServices,
  ) {
    this.#stopListening = state.changes.onChange((topics) => this.#note(topics));
    this.#renewing = setInterval(() => this.#renew(), RENEW_MS);
  }

  of(peer: string): NacosClient | undefined {
    return this.#byPeer.get(peer);
  }

  /** Undefined when there are too many, or one of this connection already. */
  connect(peer: string, stream: ClientStream): NacosClient | undefined {
    if (this.#closed || this.#byPeer.size >= MOST || this.#byPeer.has(peer)) return undefined;
    const client = new NacosClient(stream, this.services);
    this.#byPeer.set(peer, client);
    return client;
  }

  /** Its instances go with it, but those that came back through another connection; all stay when the registry ends. */
  disconnect(peer: string): void {
    const client = this.#byPeer.get(peer);
    this.#byPeer.delete(peer);
    client?.end();
    if (this.#closed || !client) return;
    for (const [service, ids] of client.published) this.#release(service, ids);
  }

  /** All instances of a service that a client has from now on; none where it has left. */
  publish(client: NacosClient, service: string, ids: ReadonlySet<string>): void {
    const before = [...(client.published.get(service) ?? [])];
    if (ids.size === 0) client.published.delete(service);
    else client.published.set(service, ids);
    this.#release(
      service,
      before.filter((id) => !ids.has(id)),
    );
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    clearTimeout(this.#timer);
    clearInterval(this.#renewing);
    for (const peer of [...this.#byPeer.keys()]) this.disconnect(peer);
  }

  #release(service: string, ids: Iterable<string>): void {
    for (const id of ids) {
      const isHeld = [...this.#byPeer.values()].some(({ published }) => published.get(service)?.has(id));
      if (!isHeld) this.state.services.deregister(id);
    }
  }

  #renew(): void {
    for (const { published } of this.#byPeer.values()) {
      for (const ids of published.values()) for (const id of ids) this.services.renew(id);
    }
  }

  #note(topics: readonly string[]): void {
    if (this.#byPeer.size === 0) return;
    for (const topic of topics) if (topic.startsWith(TOPIC)) this.#changed.add(topic.slice(TOPIC.length));
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#tell(), TOGETHER_MS);
  }

  #tell(): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const client of this.#byPeer.values()) for (const service of changed) client.changed(service);
  }
}
