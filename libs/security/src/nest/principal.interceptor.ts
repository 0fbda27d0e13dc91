import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { runWithRequest } from '@rookery/observability';
import type { Observable } from 'rxjs';
import { incomingCall } from './carrier.ts';
import { VerifiedCalls } from './verified-calls.ts';

/**
 * Puts who calls into the request's one context, where `currentRequest().principal` finds it. For a message
 * @rookery/messaging has done so.
 */
@Injectable()
export class PrincipalInterceptor implements NestInterceptor {
  constructor(@Inject(VerifiedCalls) private readonly verified: VerifiedCalls) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const call = incomingCall(context);
    const token = call && this.verified.get(call.key);
    if (!token) return next.handle();
    const { principal, accessToken } = token;
    // Nest binds the handler to the context in which handle() is called.
    return runWithRequest({ principal, ...(accessToken !== undefined && { accessToken }) }, () => next.handle());
  }
}
