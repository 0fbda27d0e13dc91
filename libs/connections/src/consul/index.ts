export { type Answer, type CallLimits, ConsulConnection, consulStatusOf, saysForgotten } from './consul-connection.ts';
export { type ConsulAddress, parseConsulUrl } from './consul-url.ts';
