import { field, type Protocol, repeated, rpc } from '../grpc/protocol.ts';

const header = field('ResponseHeader', 1);

/** The part of etcd's rpc.proto (API v3) that a registry needs. */
export const etcdProtocol: Protocol = {
  nested: {
    mvccpb: {
      nested: {
        KeyValue: {
          fields: {
            key: field('bytes', 1),
            create_revision: field('int64', 2),
            mod_revision: field('int64', 3),
            value: field('bytes', 5),
            lease: field('int64', 6),
          },
        },
        Event: {
          fields: { type: field('EventType', 1), kv: field('KeyValue', 2) },
          nested: { EventType: { values: { PUT: 0, DELETE: 1 } } },
        },
      },
    },
    etcdserverpb: {
      nested: {
        ResponseHeader: { fields: { revision: field('int64', 3) } },
        RangeRequest: {
          fields: { key: field('bytes', 1), range_end: field('bytes', 2), keys_only: field('bool', 8) },
        },
        RangeResponse: { fields: { header, kvs: repeated('mvccpb.KeyValue', 2) } },
        PutRequest: { fields: { key: field('bytes', 1), value: field('bytes', 2), lease: field('int64', 3) } },
        PutResponse: { fields: { header } },
        RequestOp: { oneofs: { request: { oneof: ['request_put'] } }, fields: { request_put: field('PutRequest', 2) } },
        Compare: {
          oneofs: { target_union: { oneof: ['create_revision', 'mod_revision'] } },
          fields: {
            result: field('int32', 1),
            target: field('int32', 2),
            key: field('bytes', 3),
            create_revision: field('int64', 5),
            mod_revision: field('int64', 6),
          },
        },
        TxnRequest: { fields: { compare: repeated('Compare', 1), success: repeated('RequestOp', 2) } },
        TxnResponse: { fields: { header, succeeded: field('bool', 2) } },
        WatchRequest: {
          oneofs: { request_union: { oneof: ['create_request', 'cancel_request', 'progress_request'] } },
          fields: {
            create_request: field('WatchCreateRequest', 1),
            cancel_request: field('WatchCancelRequest', 2),
            progress_request: field('WatchProgressRequest', 3),
          },
        },
        WatchCreateRequest: {
          fields: {
            key: field('bytes', 1),
            range_end: field('bytes', 2),
            start_revision: field('int64', 3),
            watch_id: field('int64', 7),
          },
        },
        WatchCancelRequest: { fields: { watch_id: field('int64', 1) } },
        WatchProgressRequest: { fields: {} },
        WatchResponse: {
          fields: {
            header,
            watch_id: field('int64', 2),
            created: field('bool', 3),
            canceled: field('bool', 4),
            compact_revision: field('int64', 5),
            cancel_reason: field('string', 6),
            events: repeated('mvccpb.Event', 11),
          },
        },
        LeaseGrantRequest: { fields: { TTL: field('int64', 1) } },
        LeaseGrantResponse: { fields: { header, ID: field('int64', 2), TTL: field('int64', 3) } },
        LeaseRevokeRequest: { fields: { ID: field('int64', 1) } },
        LeaseRevokeResponse: { fields: { header } },
        LeaseKeepAliveRequest: { fields: { ID: field('int64', 1) } },
        LeaseKeepAliveResponse: { fields: { header, ID: field('int64', 2), TTL: field('int64', 3) } },
        AuthenticateRequest: { fields: { name: field('string', 1), password: field('string', 2) } },
        AuthenticateResponse: { fields: { header, token: field('string', 2) } },
        KV: {
          methods: {
            Range: rpc('RangeRequest', 'RangeResponse'),
            Put: rpc('PutRequest', 'PutResponse'),
            Txn: rpc('TxnRequest', 'TxnResponse'),
          },
        },
        Watch: { methods: { Watch: rpc('WatchRequest', 'WatchResponse', true) } },
        Lease: {
          methods: {
            LeaseGrant: rpc('LeaseGrantRequest', 'LeaseGrantResponse'),
            LeaseRevoke: rpc('LeaseRevokeRequest', 'LeaseRevokeResponse'),
            LeaseKeepAlive: rpc('LeaseKeepAliveRequest', 'LeaseKeepAliveResponse', true),
          },
        },
        Auth: { methods: { Authenticate: rpc('AuthenticateRequest', 'AuthenticateResponse') } },
      },
    },
  },
};

export interface KeyValue {
  key: Buffer;
  create_revision: string;
  mod_revision: string;
  value: Buffer;
}

export interface WatchResponse {
  watch_id: string;
  canceled: boolean;
  cancel_reason: string;
  events: Array<{ type: 'PUT' | 'DELETE'; kv: KeyValue }>;
}

export interface RangeResponse {
  header: { revision: string };
  kvs: KeyValue[];
}

export interface TxnResponse {
  header: { revision: string };
  succeeded: boolean;
}
