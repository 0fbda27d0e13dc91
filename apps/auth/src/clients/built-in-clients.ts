import type { ClientDeclaration } from './client-declaration.ts';

/** The page of the documentation centre that codes go to, on the same public origin as the issuer. */
const DOCS_REDIRECT_PATH = '/docs/oauth2-redirect.html';

/** The platform's own programs that people sign in to; one of the same id in the clients file replaces it. */
export function builtInClients(issuer: string): ClientDeclaration[] {
  const may = { roles: [], permissions: [] };
  return [
    {
      id: 'docs',
      name: 'Rookery API documentation',
      redirectUris: [new URL(DOCS_REDIRECT_PATH, issuer).href],
      deviceCode: false,
      ...may,
    },
    { id: 'rookery-cli', name: 'Rookery command line', redirectUris: [], deviceCode: true, ...may },
  ];
}
