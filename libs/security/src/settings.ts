import { securityErrors } from './errors.ts';

/** Whose tokens are taken, and which of them. */
export interface TokenSettings {
  /** The issuer, exactly as it stands in tokens; no slash at its end. */
  issuer: string;
  /** What a token must be meant for. */
  audience: string;
  /** Where the issuer is reached from here; the issuer itself when not given. */
  issuerAddress: string;
}

/** The provider of `npm start`, behind its gateway. */
const LOCAL_ISSUER = 'http://127.0.0.1:8080/auth';
/** What the tokens of this platform are meant for. */
export const PLATFORM_AUDIENCE = 'urn:rookery:api';

/** Reads AUTH_ISSUER_URL, AUTH_AUDIENCE and AUTH_ISSUER_ADDRESS. There is no value that switches the checks off. */
export function readTokenSettings(environment: NodeJS.ProcessEnv = process.env): TokenSettings {
  const issuer = readUrl('AUTH_ISSUER_URL', environment.AUTH_ISSUER_URL || LOCAL_ISSUER);
  return {
    issuer,
    audience: environment.AUTH_AUDIENCE || PLATFORM_AUDIENCE,
    issuerAddress: readUrl('AUTH_ISSUER_ADDRESS', environment.AUTH_ISSUER_ADDRESS || issuer),
  };
}

function readUrl(variable: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !['http:', 'https:'].includes(url.protocol))
    throw securityErrors.wrongSetting(variable, 'a URL like https://shop.example/auth');
  return text.replace(/\/+$/, '');
}
