/** One running copy of a service, as the registry knows it. */
export interface Instance {
  /** Unique in the registry and stable for the life of the process. */
  id: string;
  service: string;
  address: string;
  /** HTTP port. */
  port: number;
  /** gRPC port, where the instance serves gRPC. */
  grpcPort?: number;
  /** Share of traffic beside the others; 1 is normal, 0 takes none. */
  weight: number;
  zone?: string;
  /** Free facts, `openapi: /openapi.json`-like. Keys and values are text. */
  metadata: Readonly<Record<string, string>>;
}

/** A registration that is kept alive until it is released. */
export interface Lease {
  readonly instance: Instance;
  /** Takes the instance out of the registry and stops the heartbeat. Never throws: a lease that cannot be released expires. */
  release(): Promise<void>;
}

export interface RegisterOptions {
  /** How long the registry keeps an instance whose process no longer answers, in ms. */
  leaseMs?: number;
}

/** What a watcher is told: the whole set of healthy instances, after each change. */
export type InstancesListener = (instances: readonly Instance[]) => void;

/** A watch that goes on until it is closed; while the registry is away the last known instances stay. */
export interface Watch {
  /** The last known healthy instances. */
  readonly current: readonly Instance[];
  /** Settles when the first answer has come. */
  readonly ready: Promise<void>;
  close(): void;
}

/**
 * The registry port. Drivers: libs/discovery/src/drivers; each passes testing/contract.ts.
 * Methods throw {@link RookeryError} `DISCOVERY_UNREACHABLE` when the engine does not answer within its deadline.
 */
export interface Registry {
  /** Registers an instance and heartbeats for it; registers again by itself when the engine has forgotten it. */
  register(instance: Instance, options?: RegisterOptions): Promise<Lease>;
  /** Names of the services that have at least one healthy instance. */
  services(): Promise<string[]>;
  /** Healthy instances of a service; empty when there are none. */
  instances(service: string): Promise<Instance[]>;
  /** Pushes the healthy instances of a service after each change, without polling loops where the engine can push. */
  watch(service: string, listener: InstancesListener): Watch;
  /** As {@link watch}, for the names of all services. */
  watchServices(listener: (services: readonly string[]) => void): { readonly ready: Promise<void>; close(): void };
  /** Stops every watch and heartbeat; releases nothing. */
  close(): Promise<void>;
}
