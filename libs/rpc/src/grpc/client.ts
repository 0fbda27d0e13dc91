import type { Client, ServiceError } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { RookeryError } from '@rookery/observability';
import type { RpcPolicy } from '../balancing/rpc-policy.ts';
import type { Attempt, CallOptions, UpstreamCaller } from '../balancing/upstream-caller.ts';
import { type ClientClass, defineClient } from '../client-class.ts';
import { loadDefinitions, type ProtoPackage, serviceDefinition } from './definitions.ts';
import { contextMetadata } from './metadata.ts';
import { fromServiceError } from './service-error.ts';

export interface GrpcClientOptions extends RpcPolicy {
  /** Name in the registry. */
  service: string;
  /** `catalogProto`-like. */
  proto: ProtoPackage;
  /** Service of the protobuf package: `CatalogService`. */
  name: string;
}

type Call = (request: never) => Promise<unknown>;

/** The unary calls of `S` as a client has them: each takes call options too. */
export type GrpcCalls<S> = {
  [M in keyof S]: S[M] extends (request: infer Request extends object) => Promise<infer Response>
    ? (request: Request, options?: CallOptions) => Promise<Response>
    : never;
};

/**
 * A class whose objects call a gRPC service through discovery. Extend it; the class is the injection token:
 *
 * ```ts
 * export class CatalogClient extends GrpcClient<CatalogService>({
 *   service: 'catalog', proto: catalogProto, name: 'CatalogService',
 * }) {}
 *
 * RpcModule.forFeature(CatalogClient)
 * ```
 *
 * Calls whose `idempotency_level` is set in the .proto are repeated on another instance when a connection breaks under
 * them; the others only when they never left. Failures come as RookeryError with the other side's code, status and details.
 */
export function GrpcClient<S extends { [M in keyof S]: Call }>(options: GrpcClientOptions): ClientClass<GrpcCalls<S>> {
  return defineClient<GrpcCalls<S>>((runtime) => {
    const definition = serviceDefinition(
      loadDefinitions(options.proto.protoPath),
      `${options.proto.package}.${options.name}`,
    );
    const caller = runtime.grpc(options.service, options);
    const calls = Object.entries(definition)
      .filter(([, method]) => !method.requestStream && !method.responseStream)
      .map(([name, method]) => [method.originalName ?? name, unary(caller, name, method)] as const);
    return { calls: Object.fromEntries(calls) as GrpcCalls<S>, close: () => caller.close() };
  });
}

function unary(caller: UpstreamCaller<Client>, call: string, method: MethodDefinition<object, object>) {
  const repeatable = ['NO_SIDE_EFFECTS', 'IDEMPOTENT'].includes(method.options.idempotency_level);
  return (request: object, options: CallOptions = {}): Promise<object> =>
    caller.call({ ...options, call, repeatable }, (attempt) =>
      send(attempt, method, request, (error) =>
        fromServiceError(error, caller.service, call, Math.round(attempt.timeoutMs)),
      ),
    );
}

function send(
  { connection, signal, deadlineAtMs }: Attempt<Client>,
  method: MethodDefinition<object, object>,
  request: object,
  translate: (error: ServiceError) => RookeryError,
): Promise<object> {
  return new Promise((resolve, reject) => {
    const cancel = () => sent.cancel();
    const sent = connection.makeUnaryRequest<object, object>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      contextMetadata(),
      { deadline: deadlineAtMs },
      (error, response) => {
        signal.removeEventListener('abort', cancel);
        if (error) reject(translate(error));
        else resolve(response ?? {});
      },
    );
    signal.addEventListener('abort', cancel, { once: true });
  });
}
