import { Injectable } from '@nestjs/common';
import type { VerifiedToken } from '../token/verified-token.ts';

/** The token of each call that the guard has let in, for as long as the call lives. */
@Injectable()
export class VerifiedCalls {
  readonly #tokens = new WeakMap<object, VerifiedToken>();

  set(call: object, token: VerifiedToken): void {
    this.#tokens.set(call, token);
  }

  get(call: object): VerifiedToken | undefined {
    return this.#tokens.get(call);
  }
}
