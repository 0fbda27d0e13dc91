import { Metadata, type ServiceError, type StatusObject } from '@grpc/grpc-js';
import { GrpcStatus, RookeryError, toGrpcStatus, toHttpStatus } from '@rookery/observability';
import { rpcErrors } from '../errors/rpc-errors.ts';
import { decodeStatusDetails, encodeStatusDetails, STATUS_DETAILS_KEY } from '../errors/status-details.ts';

/** How grpc-js says that no connection to the instance came about, or that the instance did not take the request. */
const NEVER_LEFT = /^(No connection established|Name resolution failed|Stream refused by server)/;

/** An error of ours as gRPC sends it. */
export function toServiceError(error: RookeryError): StatusObject {
  const metadata = new Metadata();
  metadata.set(STATUS_DETAILS_KEY, encodeStatusDetails(error));
  return { code: toGrpcStatus(error.status), details: error.message, metadata };
}

/**
 * What a caller is told of a failed call: the error that the other side raised, or what became of the call on its way.
 * A call that the other side cancelled (it was stopped) is one that got no answer.
 */
export function fromServiceError(error: ServiceError, service: string, call: string, timeoutMs: number): RookeryError {
  const [bytes] = error.metadata?.get(STATUS_DETAILS_KEY) ?? [];
  const told = Buffer.isBuffer(bytes) ? decodeStatusDetails(bytes, error) : undefined;
  if (told) return told;
  switch (error.code) {
    case GrpcStatus.UNAVAILABLE:
    case GrpcStatus.CANCELLED:
      return NEVER_LEFT.test(error.details)
        ? rpcErrors.notSent(service, error.details, error)
        : rpcErrors.unavailable(service, error.details, error);
    case GrpcStatus.DEADLINE_EXCEEDED:
      return rpcErrors.deadline(service, call, timeoutMs, error);
    default:
      return rpcErrors.failed(service, toHttpStatus(error.code), error.details || error.message, error);
  }
}
