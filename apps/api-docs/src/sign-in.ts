import { readTokenSettings } from '@rookery/security';

/** Where a person who tries something out signs in. */
export abstract class SignIn {
  /** The issuer of the platform's tokens, below the gateway's public URL. */
  abstract readonly issuer: string;
  /** The client that this page is there, and the one page that its codes go to: as apps/auth registers them. */
  abstract readonly clientId: string;
  abstract readonly redirectUrl: string;
}

export function signInAt(issuer: string): SignIn {
  return { issuer, clientId: 'docs', redirectUrl: new URL('/docs/oauth2-redirect.html', issuer).href };
}

/** By AUTH_ISSUER_URL, as every service knows the issuer. */
export const signInFromEnvironment = (): SignIn => signInAt(readTokenSettings().issuer);
