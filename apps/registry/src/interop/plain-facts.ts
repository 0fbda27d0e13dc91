import type { ServiceRecord } from '../domain/service-record.ts';

/** What Rookery's Consul driver keeps in Meta, since Consul has no place for it. */
const GRPC_PORT = 'rookery-grpc-port';
const WEIGHT = 'rookery-weight';
const ZONE = 'rookery-zone';
/** Prefix of a metadata key with characters that Consul does not take; the rest is its base64url. */
const ENCODED = 'rookery-key-';
const CONSUL_KEY = /^(?!rookery-|__proto__$)[A-Za-z0-9_-]{1,128}$/;

/** What every protocol can say of an instance, each in its own way. */
export interface PlainFacts {
  weight: number;
  zone?: string;
  grpcPort?: string;
  /** With the keys that the instance gave. */
  metadata: Record<string, string>;
}

export function plainFacts({ meta, weights }: Pick<ServiceRecord, 'meta' | 'weights'>): PlainFacts {
  const { [GRPC_PORT]: grpcPort, [WEIGHT]: weight, [ZONE]: zone, ...rest } = meta;
  return {
    weight: Number(weight) >= 0 ? Number(weight) : weights.passing,
    ...(zone === undefined ? {} : { zone }),
    ...(grpcPort === undefined ? {} : { grpcPort }),
    metadata: Object.fromEntries(Object.entries(rest).map(([key, value]) => [decodedKey(key), value])),
  };
}

/** The same as Consul's Meta, which the state keeps. */
export function metaOf({ weight, zone, grpcPort, metadata }: PlainFacts): Record<string, string> {
  return {
    [WEIGHT]: String(weight),
    ...(zone === undefined ? {} : { [ZONE]: zone }),
    ...(grpcPort === undefined ? {} : { [GRPC_PORT]: grpcPort }),
    ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [consulKey(key), value])),
  };
}

const consulKey = (key: string): string => (CONSUL_KEY.test(key) ? key : encodedKey(key));

/** A metadata key that a protocol has no way to write, as its base64url. */
export const encodedKey = (key: string): string => ENCODED + Buffer.from(key).toString('base64url');

export const decodedKey = (key: string): string =>
  key.startsWith(ENCODED) ? Buffer.from(key.slice(ENCODED.length), 'base64url').toString() : key;

/** Throws nothing: a number, or what it is when that is none. */
export const numberOr = (value: unknown, otherwise: number): number => {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : otherwise;
};
