import type { ConnectionErrors } from '../connection-errors.ts';
import { type Endpoint, parseServerUrl, type ServerUrl, TLS_PARAMETERS } from '../server-url.ts';

/** What a URL says of a Consul: `consul://host:8500/path?token=…&dc=…&wait=15s`. */
export interface ConsulAddress extends Endpoint, Pick<ServerUrl, 'server' | 'path' | 'tls' | 'errors'> {
  token?: string;
  dc?: string;
  /** How long one blocking query waits for a change; also how soon a connection that died in silence is noticed. */
  waitMs: number;
}

const WAIT_MS = 15_000;
/** Of Consul's HTTP API, unless the URL says that it is HTTP at its usual port. */
const PORT = 8500;
const HTTP_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

export function parseConsulUrl(text: string, errors: ConnectionErrors): ConsulAddress {
  const example = 'consul://host:8500';
  const form = {
    example,
    port: HTTP_PORTS[text.slice(0, text.indexOf(':')).toLowerCase()] ?? PORT,
    secureSchemes: ['https'],
    // Those of certificates also where the connection is a plain one, which needs none.
    parameters: ['token', 'dc', 'wait', ...TLS_PARAMETERS],
  };
  const url = parseServerUrl(text, form, errors);
  const [{ host, port }, ...others] = url.endpoints;
  if (others.length > 0) throw url.bad(`it is not of the form ${example}`);
  const token = url.parameter('token') ?? process.env.CONSUL_HTTP_TOKEN;
  const dc = url.parameter('dc');
  return {
    ...{ host, port, server: url.server, path: url.path, errors },
    ...(token ? { token } : {}),
    ...(dc ? { dc } : {}),
    ...(url.tls ? { tls: url.tls } : {}),
    waitMs: url.durationMs('wait', WAIT_MS),
  };
}
