export type { Duplex } from '../grpc/grpc-connection.ts';
export { EtcdConnection, keysUnder } from './etcd-connection.ts';
export type { KeyValue, RangeResponse, WatchResponse } from './etcd-protocol.ts';
