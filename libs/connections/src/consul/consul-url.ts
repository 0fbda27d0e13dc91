import { readFileSync } from 'node:fs';
import type { ConnectionErrors } from '../connection-errors.ts';

/** What a URL says of a Consul: `consul://host:8500?token=…&dc=…&wait=15s`. */
export interface ConsulAddress {
  host: string;
  port: number;
  secure: boolean;
  /** For messages: host and port, nothing secret. */
  server: string;
  token?: string;
  dc?: string;
  /** Certificate authority of `https://`, as PEM. */
  ca?: Buffer;
  /** How long one blocking query waits for a change; also how soon a connection that died in silence is noticed. */
  waitMs: number;
  /** How its concern says what went wrong. */
  errors: ConnectionErrors;
}

const WAIT_MS = 15_000;
const PARAMETERS = new Set(['token', 'dc', 'wait', 'ca-file']);

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
  const caFile = url.searchParams.get('ca-file');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: port ?? 8500,
    secure,
    server: `${url.hostname}:${port ?? 8500}`,
    ...(token ? { token } : {}),
    ...(dc ? { dc } : {}),
    ...(caFile ? { ca: readCa(caFile, bad) } : {}),
    waitMs: wait === null ? WAIT_MS : parseWait(wait, bad),
    errors,
  };
}

function readCa(file: string, bad: (reason: string) => Error): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw bad(`ca-file ${file} cannot be read`);
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
