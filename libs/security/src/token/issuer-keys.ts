import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { securityErrors } from '../errors.ts';
import type { TokenSettings } from '../settings.ts';
import { fetchJson } from './bounded-fetch.ts';

export interface IssuerKeysOptions {
  /** One fetch of a document. */
  deadlineMs?: number;
  /** Keys are fetched anew after so long. */
  refreshAfterMs?: number;
  /** Keys that could not be fetched anew are used so long. */
  trustedForMs?: number;
  /** A key that is not known asks the issuer at most so often. */
  coolDownMs?: number;
  now?: () => number;
}

const MAX_KEYS = 32;
const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const Jwk = z
  .object({ kty: z.string(), kid: z.string().min(1).max(200), use: z.string().optional(), alg: z.string().optional() })
  .loose();
const Jwks = z.object({ keys: z.array(z.unknown()).max(MAX_KEYS) });

/**
 * The public keys of one issuer by key id: fetched when first needed, kept, fetched anew in time or when a token names a
 * key that is not known. Many callers share one fetch; an issuer that is away does not stop what its last keys can check.
 */
export class IssuerKeys {
  readonly #settings: Pick<TokenSettings, 'issuer' | 'issuerAddress'>;
  readonly #options: Required<IssuerKeysOptions>;
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(settings: Pick<TokenSettings, 'issuer' | 'issuerAddress'>, options: IssuerKeysOptions = {}) {
    this.#settings = settings;
    this.#options = {
      deadlineMs: 2_000,
      refreshAfterMs: 10 * 60_000,
      trustedForMs: 60 * 60_000,
      coolDownMs: 5_000,
      now: () => performance.now(),
      ...options,
    };
  }

  /** The key with this id; undefined when the issuer has none. Fails with `KEYS_UNAVAILABLE` when that cannot be told. */
  async find(kid: string): Promise<KeyObject | undefined> {
    const { refreshAfterMs, trustedForMs, coolDownMs, now } = this.#options;
    const ageMs = now() - this.#fetchedAtMs;
    const known = ageMs < trustedForMs ? this.#keys.get(kid) : undefined;
    if (known && ageMs < refreshAfterMs) return known;
    if (this.#fetching || now() - this.#triedAtMs >= coolDownMs) {
      const refreshed = this.#refresh();
      // A known key does not wait for the news.
      if (known) refreshed.catch(() => {});
      else await refreshed;
    } else if (ageMs >= trustedForMs) {
      throw securityErrors.keysUnavailable('the issuer did not answer a moment ago');
    }
    return known ?? this.#keys.get(kid);
  }

  /**
   * The key with this id as far as is known here, without waiting: for who keeps what a key has verified. Keys that are due
   * are fetched anew in the background; undefined when the issuer took the key back, or could not be asked for too long.
   */
  known(kid: string): KeyObject | undefined {
    const { refreshAfterMs, trustedForMs, coolDownMs, now } = this.#options;
    const nowMs = now();
    const ageMs = nowMs - this.#fetchedAtMs;
    if (ageMs >= refreshAfterMs && nowMs - this.#triedAtMs >= coolDownMs) this.#refresh().catch(() => {});
    return ageMs < trustedForMs ? this.#keys.get(kid) : undefined;
  }

  #refresh(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { deadlineMs, now } = this.#options;
    this.#triedAtMs = now();
    try {
      const { issuer, issuerAddress } = this.#settings;
      const found = Discovery.parse(await fetchJson(`${issuerAddress}/.well-known/openid-configuration`, deadlineMs));
      if (found.issuer !== issuer) throw new Error(`the issuer calls itself ${found.issuer}, not ${issuer}`);
      if (!found.jwks_uri.startsWith(`${issuer}/`)) throw new Error('the keys lie outside of the issuer');
      const { keys } = Jwks.parse(await fetchJson(issuerAddress + found.jwks_uri.slice(issuer.length), deadlineMs));
      const before = this.#keys;
      this.#keys = new Map(keys.flatMap(publicKey).map(([kid, key]) => [kid, sameOr(before.get(kid), key)]));
      this.#fetchedAtMs = now();
    } catch (cause) {
      throw securityErrors.keysUnavailable('the keys of the issuer cannot be fetched', cause);
    }
  }
}

/** The key that is held already, where it is the same: what it has verified stays so. */
const sameOr = (before: KeyObject | undefined, key: KeyObject): KeyObject => (before?.equals(key) ? before : key);

/** RSA keys for signatures only; all else of a key set is passed over. */
function publicKey(data: unknown): [string, KeyObject][] {
  const jwk = Jwk.safeParse(data).data;
  if (jwk?.kty !== 'RSA' || (jwk.use ?? 'sig') !== 'sig' || (jwk.alg ?? 'RS256') !== 'RS256') return [];
  const { n, e } = jwk as { n?: unknown; e?: unknown };
  if (typeof n !== 'string' || typeof e !== 'string') return [];
  const key = createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' });
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits >= 2_048 ? [[jwk.kid, key]] : [];
}
