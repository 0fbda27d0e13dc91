import { RookeryError } from '@rookery/observability';
import {
  bearerToken,
  IssuerKeys,
  readTokenSettings,
  type TokenSettings,
  TokenVerifier,
  type VerifiedToken,
  VerifiedTokens,
} from '@rookery/security';
import type { Call, Filter, FilterKind, FilterParts, Verdict, VerifiedPrincipal } from '../filter.ts';
import { challengeOf, Revocations, refusalOf } from './admission.ts';
import { authErrors } from './errors.ts';
import { AuthSettings } from './settings.ts';

const PREFIX = 'Bearer ';
/** A key that its issuer took back is out of use after so long. */
const KEYS_REFRESH_AFTER_MS = 60_000;
const MAX_TOKENS = 20_000;

/** What a token opens here; worked out once for each that is kept. */
interface Admission {
  principal: VerifiedPrincipal;
  refusal: RookeryError | undefined;
}

/** A resource server (RFC 6750, RFC 9068): the tokens of one issuer, for one audience. */
class Auth implements Filter {
  readonly name = 'auth';
  readonly #settings: AuthSettings;
  readonly #isRequired: boolean;
  readonly #tokens: VerifiedTokens;
  readonly #revocations: Revocations;
  readonly #admissions = new WeakMap<VerifiedToken, Admission>();

  constructor(settings: AuthSettings, tokens: VerifiedTokens) {
    this.#settings = settings;
    this.#isRequired =
      (settings.mode ?? (settings.permissions.length + settings.roles.length > 0 ? 'required' : '')) === 'required';
    this.#tokens = tokens;
    this.#revocations = new Revocations(settings.revoked);
  }

  onRequest(call: Call): Verdict | Promise<Verdict> {
    const header = call.header('authorization');
    let token: string | undefined;
    if (header?.startsWith(PREFIX)) {
      token = header.slice(PREFIX.length);
      const known = this.#tokens.known(token);
      if (known) return this.#admit(call, known);
    }
    if (header === undefined || !/^bearer\b/i.test(header))
      return this.#isRequired ? authErrors.tokenMissing() : undefined;
    return this.#verify(call, header);
  }

  onResponse(call: Call): void {
    if (call.source !== 'gateway') return;
    const challenge = challengeOf(call.code, this.#settings.permissions);
    if (challenge !== undefined) call.setResponseHeader('www-authenticate', challenge);
  }

  async #verify(call: Call, header: string): Promise<Verdict> {
    try {
      return this.#admit(call, await this.#tokens.verify(bearerToken(header) ?? ''));
    } catch (error) {
      if (error instanceof RookeryError) return error;
      throw error;
    }
  }

  #admit(call: Call, token: VerifiedToken): Verdict {
    let admission = this.#admissions.get(token);
    if (!admission) {
      const { principal, clientId, expiresAtMs } = token;
      admission = {
        principal: { ...principal, clientId, expiresAtMs },
        refusal: refusalOf(token, this.#settings, this.#revocations),
      };
      this.#admissions.set(token, admission);
    }
    call.principal = admission.principal;
    return admission.refusal;
  }
}

export const auth: FilterKind<AuthSettings> = {
  name: 'auth',
  schema: AuthSettings,
  order: 120,
  create: (settings, parts) =>
    settings.mode === 'off' ? { name: 'auth' } : new Auth(settings, tokensOf(settings, parts)),
};

/** Keys and verified tokens are kept once for an issuer and audience, however many routes ask for them. */
function tokensOf(settings: AuthSettings, { shared, environment, clock }: FilterParts): VerifiedTokens {
  const token = tokenSettings(settings, environment);
  const { issuer, issuerAddress, audience } = token;
  const keys = shared.of(`auth:keys:${issuer}:${issuerAddress}`, () =>
    Object.assign(new IssuerKeys(token, { refreshAfterMs: KEYS_REFRESH_AFTER_MS }), { close: () => {} }),
  );
  return shared.of(`auth:tokens:${issuer}:${issuerAddress}:${audience}`, () =>
    Object.assign(new VerifiedTokens(new TokenVerifier(token, keys), keys, { maxTokens: MAX_TOKENS, now: clock }), {
      close: () => {},
    }),
  );
}

function tokenSettings(given: AuthSettings, environment: FilterParts['environment']): TokenSettings {
  const own = readTokenSettings(environment);
  const issuer = given.issuer?.replace(/\/+$/, '') ?? own.issuer;
  const address = given.issuerAddress?.replace(/\/+$/, '') ?? (given.issuer ? issuer : own.issuerAddress);
  return { issuer, issuerAddress: address, audience: given.audience ?? own.audience };
}
