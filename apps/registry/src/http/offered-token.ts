import type { IncomingMessage } from 'node:http';

/**
 * The token of a request, wherever its client can put one: `X-Consul-Token`, `Authorization: Bearer`, the password of
 * `Authorization: Basic` (Eureka's clients), `?token=` (Consul's) or `?accessToken=` (Nacos').
 */
export function offeredToken({ headers, url = '' }: IncomingMessage): string | undefined {
  const own = headers['x-consul-token'];
  if (typeof own === 'string' && own !== '') return own;
  const [, scheme = '', credentials = ''] = /^(\S+) +(\S+)$/.exec(headers.authorization ?? '') ?? [];
  if (/^bearer$/i.test(scheme)) return credentials;
  if (/^basic$/i.test(scheme)) {
    const pair = Buffer.from(credentials, 'base64').toString();
    return pair.slice(pair.indexOf(':') + 1);
  }
  const query = url.indexOf('?');
  if (query < 0) return undefined;
  const parameters = new URLSearchParams(url.slice(query));
  return parameters.get('token') || parameters.get('accessToken') || undefined;
}
