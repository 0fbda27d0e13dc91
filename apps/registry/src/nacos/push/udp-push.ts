import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import type { ChangeIndex } from '../../domain/change-index.ts';
import { NacosServices, type Wanted } from '../nacos-services.ts';
import { ackedRefTime, pushPacket } from './push-packet.ts';
import { type Subscriber, Subscribers } from './subscribers.ts';

/** Changes that come together are one push. */
const TOGETHER_MS = 50;
/** One that is not acknowledged meanwhile is sent once more; then the client's own asking is what is left. */
const AGAIN_MS = 2_000;
const MOST_UNACKED = 10_000;
const CACHE_MS = 10_000;
const TOPIC = 'service:';

/**
 * Tells Nacos' clients up to 1.x of changes, by UDP, to the port that they named when they asked. It goes to the address
 * that asked, whatever `clientIP` says: nobody can have somebody else told.
 */
export class UdpPush {
  readonly #subscribers = new Subscribers();
  readonly #changed = new Set<string>();
  readonly #unacked = new Map<string, NodeJS.Timeout>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(
    changes: ChangeIndex,
    private readonly services: NacosServices,
    private readonly host: string,
    private readonly againMs = AGAIN_MS,
  ) {
    this.#stopListening = changes.onChange((topics) => this.#note(topics));
  }

  /** Pushes that nobody has acknowledged yet. */
  get unacknowledged(): number {
    return this.#unacked.size;
  }

  /** Answers false for whoever cannot be told and has to ask. */
  async subscribe(address: string | undefined, port: number, wanted: Wanted): Promise<boolean> {
    const to = address?.replace(/^::ffff:/, '') ?? '';
    if (port === 0 || !isIPv4(to) || this.#closed) return false;
    this.#opening ??= this.#open();
    await this.#opening;
    return this.#socket !== undefined && this.#subscribers.add(to, port, wanted);
  }

  close(): void {
    this.#closed = true;
    this.#stopListening();
    clearTimeout(this.#timer);
    for (const again of this.#unacked.values()) clearTimeout(again);
    this.#unacked.clear();
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** A socket only where somebody wants it. Without one, clients go on asking. */
  async #open(): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('error', () => {});
    socket.on('message', (packet, { address, port }) => this.#acked(packet, `${address} ${port}`));
    socket.bind(0, isIPv4(this.host) ? this.host : undefined);
    await Promise.race([once(socket, 'listening'), once(socket, 'error')]).catch(() => {});
    if (this.#closed) socket.close();
    else this.#socket = socket;
  }

  #note(topics: readonly string[]): void {
    if (this.#subscribers.size === 0) return;
    for (const topic of topics) if (topic.startsWith(TOPIC)) this.#changed.add(topic.slice(TOPIC.length));
    if (this.#changed.size > 0) this.#timer ??= setTimeout(() => this.#push(), TOGETHER_MS);
  }

  #push(): void {
    this.#timer = undefined;
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const service of changed) {
      const byClusters = Map.groupBy(this.#subscribers.of(service), ({ wanted }) => wanted.clusters);
      for (const subscribers of byClusters.values()) this.#pushTo(subscribers);
    }
  }

  /** @param subscribers who want the same */
  #pushTo(subscribers: readonly Subscriber[]): void {
    const [first] = subscribers;
    if (!first) return;
    const service = this.services.service(first.wanted, CACHE_MS);
    const packet = pushPacket(service);
    if (!packet) return;
    for (const { address, port } of subscribers) {
      const key = `${address} ${port} ${service.lastRefTime}`;
      this.#send(packet, address, port);
      if (this.#unacked.size >= MOST_UNACKED) continue;
      const again = setTimeout(() => {
        this.#unacked.delete(key);
        this.#send(packet, address, port);
      }, this.againMs);
      this.#unacked.set(key, again);
    }
  }

  #acked(packet: Buffer, from: string): void {
    const key = `${from} ${ackedRefTime(packet)}`;
    clearTimeout(this.#unacked.get(key));
    this.#unacked.delete(key);
  }

  #send(packet: Buffer, address: string, port: number): void {
    this.#socket?.send(packet, port, address, () => {});
  }
}
