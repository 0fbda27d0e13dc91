import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { VerifiedCalls } from '@rookery/security';
import { errors } from '../errors.ts';
import type { Request } from '../protocols/exchange.ts';
import { NEED, type Need } from './need.ts';
import { READERS, type Readers } from './readers.ts';
import { Visitors } from './visitors.ts';

/** Lets in who has the right that a handler needs in all that the request is about; nobody else. */
@Injectable()
export class NamespaceGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Visitors) private readonly visitors: Visitors,
    @Inject(VerifiedCalls) private readonly calls: VerifiedCalls,
    @Inject(READERS) private readonly readers: Readers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const need = this.reflector.getAllAndOverride<Need | undefined>(NEED, [context.getHandler(), context.getClass()]);
    if (!need) return false;
    const request = context.switchToHttp().getRequest<Request>();
    const right = typeof need.right === 'string' ? need.right : need.right(request);
    const visitor = await this.visitors.arrive(request);
    if (visitor) this.calls.set(request, visitor.verified);
    if (right === 'read' && this.readers.anyone) return true;
    if (!visitor) throw errors.tokenMissing();
    for (const domain of need.domains(request)) {
      if (!visitor.may(right, domain)) throw errors.rightMissing(right, domain);
    }
    return true;
  }
}
