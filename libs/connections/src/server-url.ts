import { readFileSync } from 'node:fs';
import type { ConnectionErrors } from './connection-errors.ts';
import { hideSecrets } from './hide-secrets.ts';
import { type UrlParameters, urlParameters } from './url-parameters.ts';

export interface Endpoint {
  host: string;
  port: number;
}

/** Certificates of a TLS connection, as PEM. */
export interface TlsOptions {
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
}

/** What a URL says of a server, or of each server of a cluster. */
export interface ServerUrl extends UrlParameters {
  endpoints: readonly [Endpoint, ...Endpoint[]];
  /** For messages: hosts and ports, nothing secret. */
  server: string;
  credentials?: { user: string; password: string };
  /** Without slashes at its ends; empty when there is none. */
  path: string;
  /** Undefined where the connection is a plain one. */
  tls?: TlsOptions;
  /** How its concern says what went wrong. */
  readonly errors: ConnectionErrors;
  /** An error that shows the URL without its password. */
  bad(reason: string): Error;
}

export interface ServerUrlForm {
  /** For messages: `etcd://host:2379`. */
  example: string;
  port: number;
  /** Schemes that mean TLS. */
  secureSchemes: readonly string[];
  parameters: readonly string[];
}

const FORM = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/i;
const ENDPOINT = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i;
export const TLS_PARAMETERS = ['ca-file', 'cert-file', 'key-file'];

/** Parses `scheme://user:password@host:port,host:port/path?parameters`; throws `errors.badUrl`. */
export function parseServerUrl(
  text: string,
  { example, port: usualPort, secureSchemes, parameters }: ServerUrlForm,
  errors: ConnectionErrors,
): ServerUrl {
  const bad = (reason: string) => errors.badUrl(hideSecrets(text), reason);
  const [, scheme = '', userInfo, hosts = '', path = '', query] = FORM.exec(text) ?? [];
  const [first, ...others] = hosts.split(',').map((entry) => endpointOf(entry, usualPort));
  if (!first || others.includes(undefined)) throw bad(`it is not of the form ${example}`);
  const endpoints = [first, ...others.filter((endpoint) => endpoint !== undefined)] as const;
  const secure = secureSchemes.includes(scheme.toLowerCase());
  const known = [...new Set([...parameters, ...(secure ? TLS_PARAMETERS : [])])];
  const given = urlParameters(new URLSearchParams(query), known, bad);
  const credentials = userInfo ? credentialsOf(userInfo, bad) : undefined;
  return {
    endpoints,
    server: endpoints.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(','),
    ...(credentials ? { credentials } : {}),
    path: path.replace(/^\/+|\/+$/g, ''),
    ...(secure ? { tls: tlsOf(given.parameter, bad) } : {}),
    ...given,
    errors,
    bad,
  };
}

function endpointOf(text: string, usualPort: number): Endpoint | undefined {
  const [, host, port = String(usualPort)] = ENDPOINT.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

function credentialsOf(userInfo: string, bad: (reason: string) => Error): { user: string; password: string } {
  try {
    const [user = '', ...password] = userInfo.split(':').map(decodeURIComponent);
    return { user, password: password.join(':') };
  } catch {
    throw bad('a % in its user or password is to be written as %25');
  }
}

/** What the files that a URL names hold; throws `bad` for one that cannot be read. */
function tlsOf(parameter: (name: string) => string | undefined, bad: (reason: string) => Error): TlsOptions {
  const read = (name: string): Buffer | undefined => {
    const file = parameter(name);
    if (file === undefined) return undefined;
    try {
      return readFileSync(file);
    } catch {
      throw bad(`${name} ${file} cannot be read`);
    }
  };
  const [ca, cert, key] = TLS_PARAMETERS.map(read);
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}
