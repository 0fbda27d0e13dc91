import type { Client } from '@grpc/grpc-js';
import type { Upstreams } from '@rookery/discovery';
import type { Pool } from 'undici';
import { PerInstance } from './balancing/per-instance.ts';
import type { RpcObserver } from './balancing/rpc-observer.ts';
import type { RpcPolicy } from './balancing/rpc-policy.ts';
import { UpstreamCaller } from './balancing/upstream-caller.ts';
import { openChannel } from './grpc/channel.ts';
import { openPool } from './http/pool.ts';

const SWEEP_EVERY_MS = 2_000;

/** What all clients of a process stand on: the connections to each service's instances. */
export class RpcRuntime {
  readonly #channels = new Map<string, PerInstance<Client>>();
  readonly #pools = new Map<string, PerInstance<Pool>>();
  readonly #closing: (() => void)[] = [];
  readonly #sweep = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();

  constructor(
    readonly upstreams: Upstreams,
    private readonly observer: RpcObserver = {},
  ) {}

  /** Makes gRPC calls to a service; its clients share one channel per instance. */
  grpc(service: string, policy: RpcPolicy): UpstreamCaller<Client> {
    const open = () =>
      new PerInstance<Client>(
        (instance) => openChannel(instance),
        (channel) => channel.close(),
      );
    return this.#caller(service, this.#channels, open, policy);
  }

  /** Makes HTTP calls to a service; its clients share one pool of sockets per instance. */
  http(service: string, policy: RpcPolicy): UpstreamCaller<Pool> {
    const open = () => new PerInstance<Pool>(openPool, (pool) => void pool.destroy());
    return this.#caller(service, this.#pools, open, policy);
  }

  /** Runs `close` when the runtime closes. */
  onClose(close: () => void): void {
    this.#closing.push(close);
  }

  /** Connections held to all instances of all services. */
  get connections(): number {
    return [...this.#channels.values(), ...this.#pools.values()].reduce((sum, held) => sum + held.size, 0);
  }

  /** Closes the connections to instances that have left. Runs by itself. */
  sweep(): void {
    for (const held of [this.#channels, this.#pools]) {
      for (const [service, connections] of held) connections.keepOnly(this.upstreams.of(service).instances);
    }
  }

  /** From now on nothing is swept: the registry's watches are about to end. */
  stopSweeping(): void {
    clearInterval(this.#sweep);
  }

  close(): void {
    this.stopSweeping();
    for (const close of this.#closing.splice(0)) close();
  }

  #caller<C>(
    service: string,
    held: Map<string, PerInstance<C>>,
    open: () => PerInstance<C>,
    policy: RpcPolicy,
  ): UpstreamCaller<C> {
    this.upstreams.of(service);
    let connections = held.get(service);
    if (!connections) {
      connections = open();
      held.set(service, connections);
      this.onClose(() => connections?.close());
    }
    return new UpstreamCaller(service, this.upstreams, connections, policy, this.observer);
  }
}
