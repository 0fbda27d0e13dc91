import type { Address, Certificate, TcpProxy } from '@rookery/connections/testing';
import type { Instance, Lease, RegisterOptions, Registry } from '../discovery.ts';
import type { Capability, ClientOptions, RegistryServer } from './engine.ts';

export const LEASE_MS = 2_500;
/** For an engine's own delays beside the lease. */
export const SLACK_MS = 1_500;

/** What the cases of the contract are played on. */
export interface Stage {
  /** `it`, or the same skipped by name where the engine cannot do it. */
  can: (capability: Capability) => (title: string, test: () => Promise<void>) => void;
  cannot: readonly Capability[];
  leaseStepMs: number;
  server: () => RegistryServer;
  anInstance: (facts: Partial<Instance>) => Instance;
  /** A client, closed after the case. */
  open: (at?: Address, options?: ClientOptions) => Promise<Registry>;
  /** The same client, closed after the case. */
  kept: (registry: Registry) => Registry;
  register: (registry: Registry, instance: Instance, options?: RegisterOptions) => Promise<Pick<Lease, 'release'>>;
  /** A proxy before the server, which breaks the network. */
  proxied: (certificate?: Certificate) => Promise<TcpProxy>;
}
