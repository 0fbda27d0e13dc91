import type { Address, CertificateFiles, OwnAuthority } from '@rookery/connections/testing';
import type { Instance, Lease, Registry } from '../discovery.ts';

/** Speaks TLS, trusts what `caFile` says when it is given, and shows the certificate when there is one. */
export type ClientTls = { caFile?: string } & Partial<CertificateFiles>;

/** How a client differs from a plain one. */
export interface ClientOptions {
  tls?: ClientTls;
  namespace?: string;
}

/** A running engine, as the contract drives it. */
export interface RegistryServer {
  /** Where it listens; the contract puts a proxy before it to break the network. */
  address?: Address;
  /**
   * A client of it, through `at` when given. Drivers that notice a silent connection by a time limit set it to at most
   * two seconds here.
   */
  createRegistry(at?: Address, options?: ClientOptions): Promise<Registry>;
  /** Clients of a server that asks for credentials. */
  credentials?: {
    right(): Promise<Registry>;
    wrong(): Promise<Registry>;
    /** The wrong password or token, which no message may show. */
    secret: string;
  };
  /** Where the engine itself demands a certificate of each client; else a proxy before it does. */
  mutualTls?: {
    authority: OwnAuthority;
    createRegistry(tls: ClientTls): Promise<Registry>;
  };
  /**
   * Where the platform registers instances and not they themselves (cannot: `register`): does what the platform would do,
   * beside the driver.
   */
  publish?(instance: Instance): Promise<Pick<Lease, 'release'>>;
  /** Stops the server, runs `whileDown`, and starts it again at the same address, with or without what it knew. */
  restartServer?(whileDown?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** What an engine may lack; its cases are then skipped by name. */
export type Capability =
  | 'register'
  | 'metadata'
  | 'weight'
  | 'zone'
  | 'grpc-port'
  | 'lease'
  | 'push'
  | 'restart'
  | 'network'
  | 'tls'
  | 'client-certificate'
  | 'namespace'
  | 'credentials';

export interface RegistryContract {
  start: () => Promise<RegistryServer>;
  cannot?: readonly Capability[];
  /** Address of the instances, for engines that refuse loopback. */
  instanceAddress?: string;
  /** What the engine calls an instance, where it gives the ids. */
  idOf?: (instance: Instance) => string;
  /** Steps in which the engine counts a lease, where they are whole seconds; it rounds up. */
  leaseStepMs?: number;
  /** Of one case, where the engine is slow to start. */
  timeoutMs?: number;
}
