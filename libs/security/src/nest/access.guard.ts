import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { securityErrors } from '../errors.ts';
import { bearerToken } from '../token/bearer.ts';
import { TokenVerifier } from '../token/token-verifier.ts';
import { accessOf } from './access.ts';
import { incomingCall } from './carrier.ts';
import { missingFor } from './decide.ts';
import { VerifiedCalls } from './verified-calls.ts';

/** Stands before every handler of every transport. What is not declared is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(TokenVerifier) private readonly verifier: TokenVerifier,
    @Inject(VerifiedCalls) private readonly verified: VerifiedCalls,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context.getHandler() as () => unknown, context.getClass());
    const call = incomingCall(context);
    if (!access || !call || (access.for === 'bus') !== (call.transport === 'bus')) throw securityErrors.notCallable();
    if (access.for !== 'bearer') return true;
    const token = bearerToken(call.authorization);
    if (token === undefined) throw securityErrors.tokenMissing();
    const verified = await this.verifier.verify(token);
    const missing = missingFor(access, verified.principal);
    if (missing.length > 0) throw securityErrors.permissionMissing(missing);
    this.verified.set(call.key, verified);
    return true;
  }
}
