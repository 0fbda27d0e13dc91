import { hideSecrets } from '@rookery/connections';
import { errors } from '../../errors.ts';
import { type Statements, statementsOf } from './statements.ts';

export interface PostgresAddress {
  connectionString: string;
  /** For messages: host and port, nothing secret. */
  server: string;
  statements: Statements;
  /** A lock's name, apart from those of other namespaces: its hash is the key. */
  keyOf(name: string): string;
}

const NAMESPACE = 'rookery_coordination';

export function parsePostgresUrl(text: string): PostgresAddress {
  const url = URL.parse(text);
  if (!url || url.hostname === '') {
    throw errors.badUrl(hideSecrets(text), 'it is not of the form postgres://host:5432/database');
  }
  const namespace = url.searchParams.get('namespace') ?? NAMESPACE;
  url.searchParams.delete('namespace');
  return {
    connectionString: url.href,
    server: `${url.hostname}:${url.port || 5432}`,
    statements: statementsOf(namespace),
    keyOf: (name) => `${namespace} ${name}`,
  };
}

/** Classes of SQLSTATE that say the server cannot serve now; what has no SQLSTATE comes from the connection. */
const UNAVAILABLE = /^(08|53|57P)/;

export function isUnreachable(error: unknown): boolean {
  // A deadline that is over has a number.
  const code = String((error as { code?: unknown }).code ?? '');
  return !/^[0-9A-Z]{5}$/.test(code) || UNAVAILABLE.test(code);
}
