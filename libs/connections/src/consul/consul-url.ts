import { readFileSync } from 'node:fs';
import type { ConnectionErrors } from '../connection-errors.ts';
import type { TlsOptions } from '../server-url.ts';

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
const TLS_PARAMETERS = ['ca-file', 'cert-file', 'key-file'] as const;
const PARAMETERS = new Set<string>(['token', 'dc', 'wait', ...TLS_PARAMETERS]);

export function parseConsulUrl(text: string, errors: ConnectionErrors): ConsulAddress {
  const bad = (reason: string) => errors.badUrl(hideToken(text), reason);
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
  const [ca, cert, key] = TLS_PARAMETERS.map((name) => readPem(name, url.searchParams.get(name), bad));
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: port ?? 8500,
    server: `${url.hostname}:${port ?? 8500}`,
    ...(token ? { token } : {}),
    ...(dc ? { dc } : {}),
    ...(secure ? { tls: { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) } } : {}),
    waitMs: wait === null ? WAIT_MS : parseWait(wait, bad),
    errors,
  };
}

function readPem(name: string, file: string | null, bad: (reason: string) => Error): Buffer | undefined {
  if (!file) return undefined;
  try {
    return readFileSync(file);
  } catch {
    throw bad(`${name} ${file} cannot be read`);
  }
}

function parseWait(wait: string, bad: (reason: string) => Error): number {
  const seconds = /^(\d{1,3})s$/.exec(wait)?.[1];
  if (seconds === undefined || seconds === '0') {
    throw bad(`wait is "${wait}" and not whole seconds like 15s`);
  }
  return Number(seconds) * 1_000;
}

const hideToken = (url: string): string => url.replace(/([?&]token=)[^&]*/g, '$1…');
