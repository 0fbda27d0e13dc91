import { Metadata } from '@grpc/grpc-js';
import { type Carrier, currentRequest, inject } from '@rookery/observability';

/**
 * The current request's context as gRPC metadata, with the caller's token for the other side to verify again. The deadline
 * travels as gRPC's own grpc-timeout as well.
 */
export function contextMetadata(): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(inject({}))) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) metadata.add(key, one);
  }
  const { accessToken } = currentRequest();
  if (accessToken !== undefined) metadata.set('authorization', `Bearer ${accessToken}`);
  return metadata;
}

/** Metadata as the carrier that `extract` reads; binary entries are left out. */
export function carrierOf(metadata: Metadata): Carrier {
  const carrier: Carrier = {};
  for (const key of Object.keys(metadata.getMap())) {
    if (!key.endsWith('-bin')) carrier[key] = metadata.get(key).map(String);
  }
  return carrier;
}
