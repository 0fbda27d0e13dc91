import type { ClientDeclaration } from './client-declaration.ts';

/** The page of the documentation centre that codes go to, on the same public origin as the issuer. */
const REDIRECT_PATH = '/docs/oauth2-redirect.html';

/** The documentation centre: people sign in from its page by PKCE. A client `docs` of the clients file replaces it. */
export function docsClient(issuer: string): ClientDeclaration {
  return {
    id: 'docs',
    name: 'Rookery API documentation',
    redirectUris: [new URL(REDIRECT_PATH, issuer).href],
    roles: [],
    permissions: [],
  };
}
