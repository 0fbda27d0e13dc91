import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Metrics } from '@rookery/observability';
import { Tunnel, type TunnelEnd } from './tunnel.ts';
import type { WebSocketSettings } from './websocket-settings.ts';

/** All WebSockets that go through the gateway: a bounded number, counted, and ended together. */
export class Tunnels {
  #settings: WebSocketSettings;
  readonly #open = new Set<Tunnel>();
  #draining = false;
  #allClosed: (() => void) | undefined;

  constructor(settings: WebSocketSettings, { registry }: Metrics) {
    this.#settings = settings;
    const metric = { name: 'gateway_websockets', help: 'WebSockets that are open', type: 'gauge', aggregator: 'sum' };
    const get = async () => ({ ...metric, values: [{ value: this.#open.size, labels: {} }] });
    registry.registerMetric({ name: metric.name, get, reset: () => {} } as never);
  }

  get size(): number {
    return this.#open.size;
  }

  get most(): number {
    return this.#settings.maxConnections;
  }

  /** For those that come from now on. */
  useSettings(settings: WebSocketSettings): void {
    this.#settings = settings;
  }

  /** Lets bytes through both ways until one side hangs up. */
  open(client: Socket, instance: Duplex, fromClient: Buffer, onEnd: (tunnel: Tunnel, end: TunnelEnd) => void): void {
    const { idleTimeoutMs, closeGraceMs } = this.#settings;
    const tunnel = new Tunnel({
      client,
      instance,
      idleTimeoutMs,
      closeGraceMs,
      onEnd: (ended, end) => {
        this.#open.delete(ended);
        onEnd(ended, end);
        if (this.#open.size === 0) this.#allClosed?.();
      },
    });
    this.#open.add(tunnel);
    tunnel.start(fromClient);
    if (this.#draining) tunnel.drain();
  }

  /** Tells every client that the gateway goes away, and whoever comes late too. */
  drain(): void {
    this.#draining = true;
    for (const tunnel of this.#open) tunnel.drain();
  }

  /** Settles when none is open any more. */
  async closed(): Promise<void> {
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#allClosed = resolve;
    await promise;
  }
}
