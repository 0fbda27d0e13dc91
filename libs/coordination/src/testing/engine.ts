import type { Address } from '@rookery/connections/testing';
import type { Fork } from './workers.ts';

/** How a client differs from a plain one. */
export interface ClientOptions {
  at?: Address;
  /** Speaks TLS, and trusts what this file says when it is given. */
  tls?: { caFile?: string };
  namespace?: string;
}

/** A running engine, as the contract drives it. */
export interface Engine {
  /** Where it listens; the contract puts a proxy before it. */
  address: Address;
  /** COORDINATION_URL of a client. */
  url(options?: ClientOptions): string;
  /** Clients of a server that asks for credentials. */
  credentials?: { right: string; wrong: string; secret: string };
  /** What is stored of a lock besides its holder: the names of those who wait, by whatever way the engine shows it. */
  waiting(lock: string): Promise<number>;
  /** Stops the server, and starts it again at the same address, with or without what it knew. */
  kill?(): Promise<void>;
  start?(): Promise<void>;
  stop(): Promise<void>;
}

/** What an engine may lack; its cases are then skipped by name. */
export type Capability = 'fair-order' | 'restart' | 'tls' | 'credentials' | 'namespace' | 'waiting';

export interface CoordinationContract {
  start: () => Promise<Engine>;
  /** Starts the processes of the contract; `forkSource` of @rookery/servers does. */
  fork: Fork;
  cannot?: readonly Capability[];
  /** The shortest lease that the engine has, in ms. */
  leaseMs?: number;
  /** How long after the last renewal the engine may end a lease at the latest, in ms. */
  freedWithinMs?: number;
}
