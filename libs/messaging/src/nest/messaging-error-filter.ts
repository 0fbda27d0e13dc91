import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Leaves an error as it is, so that a dead letter tells its reason and a caller its code. libs/service does the same. */
@Catch()
export class MessagingErrorFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}
