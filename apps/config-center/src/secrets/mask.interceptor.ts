import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { MASK, mapTexts, masked } from '@rookery/config';
import { map, type Observable } from 'rxjs';

const SHOWS = 'config-center:shows-secrets';

/** Whose answers carry encrypted or decrypted values on purpose, for who has the right; they have looked at it. */
export const ShowsSecrets = () => SetMetadata(SHOWS, true);

/** No answer has an encrypted value in it but a mask, whatever handler it comes from: histories, drafts, comparisons, exports. */
@Injectable()
export class MaskInterceptor implements NestInterceptor {
  readonly #reflector = new Reflector();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (this.#reflector.get<boolean | undefined>(SHOWS, context.getHandler())) return next.handle();
    return next.handle().pipe(map((answer) => mapTexts(answer, (text) => (text === MASK ? text : masked(text)))));
  }
}
