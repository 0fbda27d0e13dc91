import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Principal } from '@rookery/observability';
import { securityErrors } from '../errors.ts';
import { bearerToken } from '../token/bearer.ts';
import { TokenVerifier } from '../token/token-verifier.ts';
import { accessOf } from './access.ts';
import { type IncomingCall, incomingCall } from './carrier.ts';
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
    if (!access || !call || access.for === (call.transport === 'bus' ? 'anyone' : 'bus')) {
      throw securityErrors.notCallable();
    }
    if (access.for === 'guard' && call.transport !== 'http') throw securityErrors.notCallable();
    if (access.for !== 'bearer') return true;
    const principal = call.transport === 'bus' ? publishedFor(call.principal) : await this.#bearer(call);
    const missing = missingFor(access, principal);
    if (missing.length > 0) throw securityErrors.permissionMissing(missing);
    return true;
  }

  async #bearer({ key, authorization }: IncomingCall & { transport: 'http' | 'grpc' }): Promise<Principal> {
    const token = bearerToken(authorization);
    if (token === undefined) throw securityErrors.tokenMissing();
    const verified = await this.verifier.verify(token);
    this.verified.set(key, verified);
    return verified.principal;
  }
}

function publishedFor(principal: Principal | undefined): Principal {
  if (!principal) throw securityErrors.principalMissing();
  return principal;
}
