import type { RequestHandler } from 'express';
import swaggerUi from 'swagger-ui-express';
import type { SignIn } from '../sign-in.ts';

/**
 * Swagger UI's own files, and the script that starts it: docs.js gives it the document of the chosen service, and no
 * address of another host is ever looked up. Signing in is the authorization code flow with PKCE, as a public client.
 */
export function swaggerFiles({ clientId, redirectUrl }: SignIn): [RequestHandler, RequestHandler] {
  return swaggerUi.serveFiles(undefined, {
    swaggerUrl: '',
    swaggerOptions: {
      url: '',
      layout: 'BaseLayout',
      deepLinking: true,
      displayRequestDuration: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      validatorUrl: null,
      oauth2RedirectUrl: redirectUrl,
      oauth: { clientId, scopes: 'openid', usePkceWithAuthorizationCodeGrant: true },
    },
  }) as [RequestHandler, RequestHandler];
}

/** Hands the code that came with its address to the page that opened it, and closes. */
export const REDIRECT_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Rookery</title></head>
<body><script src="/docs/assets/oauth2-redirect.js"></script></body>
</html>
`;
