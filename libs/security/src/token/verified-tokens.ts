import type { KeyObject } from 'node:crypto';
import { keyIdOf, type TokenVerifier } from './token-verifier.ts';
import type { VerifiedToken } from './verified-token.ts';

/** Where it is seen whether the issuer still has a key. */
export interface KnownKeys {
  known(kid: string): KeyObject | undefined;
}

export interface VerifiedTokensOptions {
  /** Tokens that are kept; 10000 when not given. */
  maxTokens?: number;
  /** Epoch ms. */
  now?: () => number;
}

/**
 * The end of a signature tells tokens apart; hashing all of a token would cost more than the look into the map. No more
 * than twelve characters: V8 copies these, and would hash a longer piece where it stands, which is slow.
 */
const keyOf = (token: string): string => token.slice(-12);

interface Kept {
  readonly token: VerifiedToken;
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * Tokens that were verified, so that one which comes again costs a look into a map and not a signature. A token is kept
 * until it expires or its issuer takes the key back. Only good ones are kept, so nobody fills it with made-up ones; the
 * table is bounded by two halves: what is not asked for while one fills is forgotten.
 */
export class VerifiedTokens {
  readonly #verifier: Pick<TokenVerifier, 'verify'>;
  readonly #keys: KnownKeys;
  readonly #half: number;
  readonly #now: () => number;
  readonly #verifying = new Map<string, Promise<VerifiedToken>>();
  #recent = new Map<string, Kept>();
  #older = new Map<string, Kept>();

  constructor(verifier: Pick<TokenVerifier, 'verify'>, keys: KnownKeys, options: VerifiedTokensOptions = {}) {
    const { maxTokens = 10_000, now = Date.now } = options;
    this.#verifier = verifier;
    this.#keys = keys;
    this.#half = Math.max(1, Math.floor(maxTokens / 2));
    this.#now = now;
  }

  /** Tokens that are kept. */
  get size(): number {
    return this.#recent.size + this.#older.size;
  }

  /** What the token says, where it was verified before and is still good; without waiting. */
  known(token: string): VerifiedToken | undefined {
    const id = keyOf(token);
    let kept = this.#recent.get(id);
    if (!kept) {
      kept = this.#older.get(id);
      if (!kept) return undefined;
      this.#older.delete(id);
      this.#keep(id, kept);
    }
    if (kept.token.accessToken !== token) return undefined;
    if (this.#now() < kept.token.expiresAtMs && this.#keys.known(kept.kid) === kept.key) return kept.token;
    this.#recent.delete(id);
    return undefined;
  }

  /** Verifies a token, once for all who ask at the same time. Fails like {@link TokenVerifier.verify}. */
  verify(token: string): Promise<VerifiedToken> {
    const known = this.known(token);
    if (known) return Promise.resolve(known);
    let verifying = this.#verifying.get(token);
    if (!verifying) {
      verifying = this.#verify(token).finally(() => this.#verifying.delete(token));
      this.#verifying.set(token, verifying);
    }
    return verifying;
  }

  async #verify(token: string): Promise<VerifiedToken> {
    const verified = await this.#verifier.verify(token);
    const kid = keyIdOf(token);
    const key = kid === undefined ? undefined : this.#keys.known(kid);
    if (kid !== undefined && key) this.#keep(keyOf(token), { token: verified, kid, key });
    return verified;
  }

  #keep(id: string, kept: Kept): void {
    if (this.#recent.size >= this.#half) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, kept);
  }
}
