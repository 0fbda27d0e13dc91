import type * as ProtoLoader from '@grpc/proto-loader';

/** A .proto in the JSON form of protobuf.js: nothing has to be generated, nor copied beside the built code. */
export type Protocol = Parameters<typeof ProtoLoader.fromJSON>[0];

export const field = (type: string, id: number) => ({ type, id });

export const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });

export const rpc = (requestType: string, responseType: string, stream = false) => ({
  requestType,
  responseType,
  comment: '',
  ...(stream ? { requestStream: true, responseStream: true } : {}),
});

export const mapOf = (keyType: string, type: string, id: number) => Object.assign(field(type, id), { keyType });
