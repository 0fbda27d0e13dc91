import { readFileSync } from 'node:fs';
import { discoveryErrors } from '../../errors.ts';

/** What DISCOVERY_URL says of a Consul: `consul://host:8500?token=…&dc=…&wait=15s`. */
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
}

const WAIT_MS = 15_000;
const PARAMETERS = new Set(['token', 'dc', 'wait', 'ca-file']);

export function parseConsulUrl(text: string): ConsulAddress {
  const url = URL.parse(text);
  if (!url || url.hostname === '')
    throw discoveryErrors.badUrl(hideToken(text), 'it is not of the form consul://host:8500');
  const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    throw discoveryErrors.badUrl(hideToken(text), `"${unknown}" is not one of ${[...PARAMETERS].join(', ')}`);
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
    ...(caFile ? { ca: readCa(caFile, text) } : {}),
    waitMs: wait === null ? WAIT_MS : parseWait(wait, text),
  };
}

function readCa(file: string, url: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw discoveryErrors.badUrl(hideToken(url), `ca-file ${file} cannot be read`);
  }
}

function parseWait(wait: string, url: string): number {
  const seconds = /^(\d{1,3})s$/.exec(wait)?.[1];
  if (seconds === undefined || seconds === '0') {
    throw discoveryErrors.badUrl(hideToken(url), `wait is "${wait}" and not whole seconds like 15s`);
  }
  return Number(seconds) * 1_000;
}

const hideToken = (url: string): string => url.replace(/([?&]token=)[^&]*/g, '$1…');
