export { NacosConnection, type NacosConnectionOptions, type NacosTenant } from './nacos-connection.ts';
export type { NacosMessage } from './nacos-protocol.ts';
export { nacosCodeOf } from './nacos-session.ts';
