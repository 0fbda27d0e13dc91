import type { MethodDefinition, PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';

/** Stands where a request should be whose bytes are no message of the agreed type. */
export class Malformed {
  constructor(readonly cause: unknown) {}
}

/**
 * The same definitions, except that bytes that cannot be read become {@link Malformed}. grpc-js would answer such a
 * call with INTERNAL, which blames the server and makes clients try again; with this the server can say INVALID_ARGUMENT.
 */
export function tolerant(definitions: PackageDefinition): PackageDefinition {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      'format' in definition ? definition : tolerantService(definition as ServiceDefinition),
    ]),
  );
}

const tolerantService = (service: ServiceDefinition): ServiceDefinition =>
  Object.fromEntries(Object.entries(service).map(([name, method]) => [name, tolerantMethod(method)]));

function tolerantMethod(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  if (method.requestStream) return method;
  return {
    ...method,
    requestDeserialize: (bytes) => {
      try {
        return method.requestDeserialize(bytes);
      } catch (error) {
        return new Malformed(error);
      }
    },
  };
}
