import { type CallFacts, type Checker, REFUSED } from '../base.ts';
import type { AuthorityRule } from './schema.ts';

/** Whether a caller may come in; one without a name is on no list. */
export const mayEnter = (mode: AuthorityRule['mode'], origins: ReadonlySet<string>, origin: string | undefined) =>
  (mode === 'allow') === (origin !== undefined && origins.has(origin));

/** Sentinel's allow and deny lists of callers. */
export class AuthorityChecker implements Checker {
  readonly observed = 0;
  readonly limit = 0;
  readonly #mode: AuthorityRule['mode'];
  readonly #origins: ReadonlySet<string>;

  constructor({ mode, origins }: AuthorityRule) {
    this.#mode = mode;
    this.#origins = new Set(origins);
  }

  check({ origin }: CallFacts): number {
    return mayEnter(this.#mode, this.#origins, origin) ? 0 : REFUSED;
  }

  retryAfterMs(): undefined {
    return undefined;
  }

  reason(): string {
    return this.#mode === 'allow' ? 'its caller is not on the list of those who may' : 'its caller is denied';
  }
}
