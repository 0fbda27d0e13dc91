import { RookeryError } from '@rookery/observability';

/**
 * The Postgres URL of a variable, checked.
 * @param variable the name that the sentence of a wrong value mentions.
 */
export function databaseUrl(value: string | undefined = process.env.DATABASE_URL, variable = 'DATABASE_URL'): URL {
  if (value === undefined || value === '') {
    throw invalid(variable, 'is not set');
  }
  if (!URL.canParse(value)) throw invalid(variable, 'is not a URL');
  const url = new URL(value);
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') {
    throw invalid(variable, `has the scheme ${url.protocol}//`);
  }
  if (url.pathname.length < 2) throw invalid(variable, 'names no database');
  return url;
}

/** Where a URL points, without user and password: for logs and errors. */
export const addressOf = (url: URL): string => `${url.hostname}:${url.port || '5432'}${url.pathname}`;

const invalid = (variable: string, what: string): RookeryError =>
  new RookeryError(
    'DATABASE_URL_INVALID',
    `${variable} ${what}; expected postgres://user:password@host:port/database.`,
  );
