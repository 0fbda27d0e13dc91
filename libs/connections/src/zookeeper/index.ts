export { EPHEMERAL, PERSISTENT, ZkNodes } from './zk-nodes.ts';
export { ZkSession, type ZkTenant } from './zk-session.ts';
