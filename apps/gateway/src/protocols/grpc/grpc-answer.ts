import type { ServerResponse } from 'node:http';
import { GrpcStatus, type RookeryError } from '@rookery/observability';
import { grpcStatusOf, statusTrailers } from './grpc-message.ts';

/** A refusal or failure as gRPC tells it: an HTTP 200 whose headers are trailers. */
export function grpcProblem(error: RookeryError, requestId: string, refusedBy: string) {
  const headers = [
    'content-type',
    'application/grpc',
    ...statusTrailers(grpcStatusOf(error), `${error.code}: ${error.message}`),
    'x-request-id',
    requestId,
    'x-refused-by',
    refusedBy,
  ];
  if (error.retryAfterMs !== undefined)
    headers.push('grpc-retry-pushback-ms', String(Math.max(1, Math.ceil(error.retryAfterMs))));
  return { status: 200, headers, body: '' };
}

/** Ends a call whose response has begun and cannot go on. */
export function endGrpc(response: ServerResponse, code: string): void {
  const status = code === 'UPSTREAM_TIMEOUT' ? GrpcStatus.DEADLINE_EXCEEDED : GrpcStatus.UNAVAILABLE;
  const [, statusText, , message] = statusTrailers(status, `${code}: the call could not be brought to its end.`);
  response.addTrailers({ 'grpc-status': statusText, 'grpc-message': message });
  response.end();
}
