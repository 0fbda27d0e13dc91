import type { ConnectionErrors } from '../connection-errors.ts';
import { hideSecrets } from '../hide-secrets.ts';
import { TLS_PARAMETERS, type TlsOptions, tlsOf } from '../server-url.ts';

/** What a URL says of a Consul: `consul://host:8500?token=…&dc=…&wait=15s`. */
export interface ConsulAddress {
  host: string;
  port: number;
  /** For messages: host and port, nothing secret. */
  server: string;
  token?: string;
  dc?: string;
  /** Undefined where the connection is a plain one. */
  tls?: TlsOptions;
  /** How long one blocking query waits for a change; also how soon a connection that died in silence is noticed. */
  waitMs: number;
  /** How its concern says what went wrong. */
  errors: ConnectionErrors;
}

const WAIT_MS = 15_000;
const PARAMETERS = new Set(['token', 'dc', 'wait', ...TLS_PARAMETERS]);

export function parseConsulUrl(text: string, errors: ConnectionErrors): ConsulAddress {
  const bad = (reason: string) => errors.badUrl(hideSecrets(text), reason);
  const url = URL.parse(text);
  if (!url || url.hostname === '') throw bad('it is not of the form consul://host:8500');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw bad(`"${unknown}" is not one of ${[...PARAMETERS].join(', ')}`);
  }
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? { 'http:': 80, 'https:': 443 }[url.protocol] : Number(url.port);
  const token = url.searchParams.get('token') ?? process.env.CONSUL_HTTP_TOKEN;
  const dc = url.searchParams.get('dc');
  const wait = url.searchParams.get('wait');
  const tls = tlsOf((name) => url.searchParams.get(name) || undefined, bad);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: port ?? 8500,
    server: `${url.hostname}:${port ?? 8500}`,
    ...(token ? { token } : {}),
    ...(dc ? { dc } : {}),
    ...(secure ? { tls } : {}),
    waitMs: wait === null ? WAIT_MS : parseWait(wait, bad),
    errors,
  };
}

function parseWait(wait: string, bad: (reason: string) => Error): number {
  const seconds = /^(\d{1,3})s$/.exec(wait)?.[1];
  if (seconds === undefined || seconds === '0') {
    throw bad(`wait is "${wait}" and not whole seconds like 15s`);
  }
  return Number(seconds) * 1_000;
}
