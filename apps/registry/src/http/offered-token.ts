import type { IncomingMessage } from 'node:http';

/**
 * The token of a request, wherever its client can put one: `X-Consul-Token`, `Authorization: Bearer`, the password of
 * `Authorization: Basic` (Eureka's clients), `?token=` (Consul's), `?accessToken=`
 * (Nacos') or `?password=` (npm `nacos`, which asks for no access token).
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
  const [found] = ['token', 'accessToken', ...(url.startsWith('/nacos/') ? ['password'] : [])].flatMap(
    (name) => parameters.get(name) || [],
  );
  return found;
}
