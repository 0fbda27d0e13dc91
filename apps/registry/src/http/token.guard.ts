import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Refusal } from '../domain/refusal.ts';
import type { Request } from './exchange.ts';
import { offeredToken } from './offered-token.ts';

const WITHOUT_TOKEN = 'registry:without-token';

/** The handler looks at the caller's token itself. */
export const WithoutToken = (): MethodDecorator => SetMetadata(WITHOUT_TOKEN, true);

/** Lets in who offers one of the tokens; everybody where there is none to offer. */
@Injectable()
export class TokenGuard implements CanActivate {
  readonly #known: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#known = tokens.map(digest);
  }

  canActivate(context: ExecutionContext): boolean {
    if (Reflect.getMetadata(WITHOUT_TOKEN, context.getHandler())) return true;
    this.check(context.switchToHttp().getRequest<Request>().raw);
    return true;
  }

  /** Whether it is one of the tokens; any is where there is none. */
  takes(offered: string): boolean {
    const digested = digest(offered);
    // Each is compared, so that the time says nothing of which is near.
    const found = this.#known.filter((known) => timingSafeEqual(known, digested));
    return this.#known.length === 0 || found.length > 0;
  }

  /** Throws the {@link Refusal} of a request that may not pass, in Consul's words. */
  check(request: IncomingMessage): void {
    if (this.#known.length === 0) return;
    const offered = offeredToken(request);
    if (offered === undefined) throw new Refusal(403, 'Permission denied: this registry asks for a token');
    if (!this.takes(offered)) throw new Refusal(403, 'ACL not found');
  }
}

/** REGISTRY_TOKEN: one token, or several with commas between them while one takes the other's place. */
export const tokensOf = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');

const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
