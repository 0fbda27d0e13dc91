import { consulKeys, GRPC_PORT, WEIGHT, ZONE } from '@rookery/discovery/metadata-keys';
import type { ServiceRecord } from '../domain/service-record.ts';

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
    metadata: consulKeys.read(rest),
  };
}

/** The same as Consul's Meta, which the state keeps: as Rookery's Consul driver writes it. */
export function metaOf({ weight, zone, grpcPort, metadata }: PlainFacts): Record<string, string> {
  return {
    [WEIGHT]: String(weight),
    ...(zone === undefined ? {} : { [ZONE]: zone }),
    ...(grpcPort === undefined ? {} : { [GRPC_PORT]: grpcPort }),
    ...consulKeys.written(metadata),
  };
}

/** Throws nothing: a number, or what it is when that is none. */
export const numberOr = (value: unknown, otherwise: number): number => {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : otherwise;
};
