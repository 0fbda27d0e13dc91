export { choose } from './balancing/choose.ts';
export { InstanceLoad } from './balancing/instance-load.ts';
export { Upstream, type UpstreamOptions } from './balancing/upstream.ts';
export { Upstreams } from './balancing/upstreams.ts';
export { createRegistry, DEFAULT_DISCOVERY_URL, type RegistryOptions } from './create-registry.ts';
export type { Instance, InstancesListener, Lease, RegisterOptions, Registry, Watch } from './discovery.ts';
export type { DiscoveryLog } from './log.ts';
export { DiscoveryModule, type DiscoveryModuleOptions } from './nest/discovery.module.ts';
export { RegistryClient } from './nest/registry-client.ts';
