import type { Database } from '@rookery/database';
import type { TokenSettings } from '@rookery/security';
import { type AdapterFactory, type ClientMetadata, type Configuration, errors, Provider } from 'oidc-provider';
import type { Accounts } from '../accounts/accounts.ts';
import { type Clients, isSecret } from '../clients/clients.ts';
import type { ProviderKeys } from '../keys/signing-keys.ts';
import type { AuthDatabase } from '../tables.ts';
import { deviceFlow } from './device-flow.ts';
import { PostgresAdapter } from './postgres-adapter.ts';

export interface ProviderParts {
  settings: TokenSettings;
  keys: ProviderKeys;
  database: Database<AuthDatabase>;
  accounts: Accounts;
  clients: Clients;
}

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;

/** The OpenID Connect provider on what it is made of. Holds no state of its own: it can be replaced at any time. */
export function buildProvider({ settings, keys, database, accounts, clients }: ProviderParts): Provider {
  const { issuer, audience } = settings;
  const base = new URL(issuer).pathname;
  const adapter: AdapterFactory = (model) => new PostgresAdapter(model, database);
  const clientAdapter = {
    ...refusing,
    find: (id: string) => clients.metadata(id) as Promise<(ClientMetadata & Record<string, unknown>) | undefined>,
  };
  const configuration: Configuration = {
    adapter: (model) => (model === 'Client' ? clientAdapter : adapter(model)),
    jwks: { keys: keys.jwks },
    routes: { authorization: '/authorize' },
    cookies: {
      keys: keys.cookieKeys,
      long: { signed: true, path: base, httpOnly: true, sameSite: 'lax' },
      short: { signed: true, path: base, httpOnly: true, sameSite: 'lax' },
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    clientDefaults: { id_token_signed_response_alg: 'RS256' },
    enabledJWA: { idTokenSigningAlgValues: ['RS256'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    scopes: ['openid', 'offline_access', 'profile'],
    claims: { openid: ['sub'], profile: ['preferred_username', 'roles'] },
    conformIdTokenClaims: false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 10 * MINUTE_S,
      AuthorizationCode: MINUTE_S,
      ClientCredentials: 10 * MINUTE_S,
      DeviceCode: 10 * MINUTE_S,
      IdToken: HOUR_S,
      Interaction: HOUR_S,
      RefreshToken: 14 * DAY_S,
      Session: DAY_S,
      Grant: 14 * DAY_S,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow,
      revocation: { enabled: true },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          if (resource !== audience) throw new errors.InvalidTarget();
          return { scope: '', audience, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } };
        },
      },
    },
    interactions: { url: (_context, { uid }) => `${base}/interaction/${uid}` },
    // A page of another origin may ask for tokens for a client that comes back to that origin, and for no other.
    clientBasedCORS: (_context, origin, client) =>
      (client.redirectUris ?? []).some((uri) => URL.canParse(uri) && new URL(uri).origin === origin),
    findAccount: async (_context, id) => {
      const account = await accounts.byId(id);
      if (account?.disabled) return undefined;
      return (
        account && {
          accountId: account.id,
          claims: () => ({ sub: account.id, preferred_username: account.username, roles: account.roles }),
        }
      );
    },
    extraTokenClaims: async (_context, token) => {
      const holder = token.kind === 'AccessToken' ? await accounts.byId(token.accountId) : undefined;
      const grants =
        holder ?? (token.kind === 'ClientCredentials' ? await clients.grantsOf(token.clientId ?? '') : undefined);
      return { roles: grants?.roles ?? [], permissions: grants?.permissions ?? [] };
    },
  };
  const provider = new Provider(issuer, configuration);
  // Whoever is before us is told to us by the front, not by the client.
  provider.proxy = true;
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value: function (this: { clientSecret?: string }, secret: string): boolean {
      return this.clientSecret !== undefined && isSecret(secret, this.clientSecret);
    },
  });
  return provider;
}

/** Clients come from the clients file only. */
const refuse = () => Promise.reject(new Error('clients are declared in the clients file'));
const refusing = {
  upsert: refuse,
  consume: refuse,
  destroy: refuse,
  revokeByGrantId: refuse,
  findByUid: () => Promise.resolve(undefined),
  findByUserCode: () => Promise.resolve(undefined),
};
