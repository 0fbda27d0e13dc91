import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  type RpcExceptionFilter,
} from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { currentTraceId, type Logger, problemHeaders, RookeryError, toProblem } from '@rookery/observability';
import { type Observable, throwError } from 'rxjs';
import { servedRequest } from '../http/served-request.ts';
import { knownHttpError } from './http-errors.ts';

export interface ProblemFilterOptions {
  adapter: AbstractHttpAdapter;
  logger: Logger;
  bodyLimitBytes: number;
  /** Writes an error as gRPC sends it; only where the service has a gRPC side. */
  grpc?: RpcExceptionFilter | undefined;
}

type WithRaw<T> = T & { raw?: T };

/**
 * The one way for errors out of a service: problem details over HTTP, status and details over gRPC, and for messages the
 * error itself, from which the transport makes a retry or a dead letter. What is not meant for callers is logged and
 * leaves as INTERNAL.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #options: ProblemFilterOptions;

  constructor(options: ProblemFilterOptions) {
    this.#options = options;
  }

  catch(error: unknown, host: ArgumentsHost): Observable<unknown> | undefined {
    if (host.getType() === 'rpc') return this.#rpc(error, host);
    this.#http(error, host);
    return undefined;
  }

  #http(error: unknown, host: ArgumentsHost): void {
    const { adapter, bodyLimitBytes } = this.#options;
    const request = host.switchToHttp().getRequest<WithRaw<IncomingMessage> & { originalUrl?: string }>();
    const response = host.switchToHttp().getResponse<WithRaw<ServerResponse>>();
    const raw = request.raw ?? request;
    const line = { method: raw.method ?? '', url: request.originalUrl ?? raw.url ?? '', bodyLimitBytes };
    const known = knownHttpError(error, line);
    const traceId = servedRequest(raw)?.trace?.traceId ?? currentTraceId();
    if (known === undefined || known.status >= 500) this.#log(error, { method: line.method, traceId });
    if (adapter.isHeadersSent(response)) {
      (response.raw ?? response).destroy();
      return;
    }
    const problem = toProblem(known ?? error, traceId);
    for (const [name, value] of Object.entries(problemHeaders(known))) adapter.setHeader(response, name, value);
    adapter.reply(response, JSON.stringify(problem), problem.status);
  }

  #rpc(error: unknown, host: ArgumentsHost): Observable<unknown> {
    const { grpc } = this.#options;
    if (grpc === undefined || !host.getArgs().some(isGrpcCall)) {
      this.#log(error, {});
      return throwError(() => error);
    }
    const known = knownRpcError(error);
    if (known === undefined || known.status >= 500) this.#log(error, {});
    const { code, detail, status } = toProblem(error);
    return grpc.catch(known ?? new RookeryError(code, detail, { status }), host);
  }

  #log(error: unknown, fields: object): void {
    const expected = error instanceof RookeryError && error.status !== 500;
    this.#options.logger[expected ? 'warn' : 'error']({ ...fields, error }, 'request failed');
  }
}

const isGrpcCall = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'getPeer' in value && 'metadata' in value;

function knownRpcError(error: unknown): RookeryError | undefined {
  if (error instanceof RookeryError) return error;
  if (!(error instanceof HttpException)) return undefined;
  return knownHttpError(error, { method: '', url: '', bodyLimitBytes: 0 });
}
