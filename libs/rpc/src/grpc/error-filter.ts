import { type ArgumentsHost, Catch, HttpException, type RpcExceptionFilter } from '@nestjs/common';
import { createLogger, RookeryError, toProblem } from '@rookery/observability';
import { type Observable, throwError } from 'rxjs';
import { toServiceError } from './service-error.ts';

/**
 * Lets errors leave a gRPC handler as status, sentence and google.rpc details. What is not a {@link RookeryError} or one
 * of Nest's HTTP exceptions leaves as INTERNAL without a word of its inside, and is logged.
 */
@Catch()
export class GrpcErrorFilter implements RpcExceptionFilter {
  readonly #log = createLogger({ service: 'grpc' });

  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => toServiceError(this.#known(error)));
  }

  #known(error: unknown): RookeryError {
    if (error instanceof RookeryError) return error;
    if (error instanceof HttpException) {
      return new RookeryError('REQUEST_REFUSED', error.message, { status: error.getStatus(), cause: error });
    }
    this.#log.error({ error }, 'grpc.handler.failed');
    const { code, detail, status } = toProblem(error);
    return new RookeryError(code, detail, { status, cause: error });
  }
}
