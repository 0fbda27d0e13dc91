export type { AlgorithmName } from './balancing/algorithms.ts';
export {
  type Balance,
  type BalanceInput,
  BalanceSettings,
  DEFAULT_BALANCE,
  parseBalance,
} from './balancing/balance.ts';
export { newStickyKey, type Sticky, stickyCookie, stickyKey } from './balancing/sticky.ts';
export type { Upstream, UpstreamOptions } from './balancing/upstream.ts';
export { Upstreams, type UpstreamsOptions } from './balancing/upstreams.ts';
export {
  canRegister,
  createRegistry,
  DEFAULT_DISCOVERY_URL,
  outlivesProcess,
  type RegistryOptions,
} from './create-registry.ts';
export type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from './discovery.ts';
export { isServiceName } from './drivers/instance-text.ts';
export { INTERNAL, isInternal } from './exposure.ts';
export type { DiscoveryLog } from './log.ts';
export { DiscoveryModule, type DiscoveryModuleOptions } from './nest/discovery.module.ts';
export { RegistryClient } from './nest/registry-client.ts';
