import { loadSync, type Options, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { RookeryError } from '@rookery/observability';

/** A protobuf package and the file that defines it; `catalogProto` of @rookery/contracts is one. */
export interface ProtoPackage {
  readonly package: string;
  /** Absolute path. */
  readonly protoPath: string;
}

/**
 * How messages look in TypeScript, the same on both sides: camelCase names, lists always there, `optional` fields
 * absent when not set, enums by name, 64-bit numbers as text because a JavaScript number cannot hold them.
 */
const MESSAGE_SHAPE: Options = { longs: String, enums: String, defaults: true, arrays: true, objects: true };

/** Reads .proto files. */
export function loadDefinitions(protoPath: string | readonly string[]): PackageDefinition {
  try {
    return loadSync([protoPath].flat(), MESSAGE_SHAPE);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RookeryError(
      'RPC_PROTO_UNREADABLE',
      `The protobuf file ${[protoPath].flat().join(', ')} cannot be loaded: ${reason}`,
      { cause },
    );
  }
}

/** The definition of one service, by its full name. */
export function serviceDefinition(definitions: PackageDefinition, name: string): ServiceDefinition {
  const found = definitions[name];
  if (found && !('format' in found)) return found as ServiceDefinition;
  throw new RookeryError(
    'RPC_PROTO_SERVICE_UNKNOWN',
    `No service is named ${name}. The protobuf file has: ${serviceNames(definitions).join(', ') || 'none'}.`,
  );
}

/** Full names of all services in the definitions. */
export const serviceNames = (definitions: PackageDefinition): string[] =>
  Object.keys(definitions).filter((name) => !('format' in (definitions[name] ?? {})));
