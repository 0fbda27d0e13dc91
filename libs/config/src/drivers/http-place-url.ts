import { hideSecrets, type UrlParameters, urlParameters } from '@rookery/connections';
import { connectionErrors } from '../errors.ts';

/** The address of a place behind HTTP, taken apart. */
export interface PlaceUrl extends UrlParameters {
  /** `http://host:port/path`, without a slash at the end and without a name or password. */
  readonly base: string;
  /** The path alone, without slashes at its ends. */
  readonly path: string;
  readonly origin: string;
  /** Of HTTP basic authentication. */
  readonly headers: Record<string, string>;
}

/**
 * Reads `spring+http://user:password@host:8888/path?parameters`; throws `CONFIG_BAD_URL` without the password in it.
 * @param scheme before `+http`, `+https`; where `bare` is set also alone, which means HTTP
 */
export function readPlaceUrl(text: string, scheme: string, known: readonly string[], bare = false): PlaceUrl {
  const bad = (reason: string) => connectionErrors.badUrl(hideSecrets(text), reason);
  const http = text.startsWith(`${scheme}+`)
    ? text.slice(scheme.length + 1)
    : bare
      ? `http${text.slice(scheme.length)}`
      : '';
  const url = URL.parse(http);
  if (!url || !/^https?:$/.test(url.protocol))
    throw bad(`it is not of the form ${bare ? scheme : `${scheme}+http`}://host:port`);
  const parameters = urlParameters(url.searchParams, known, bad);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return {
    origin: url.origin,
    path,
    base: url.origin + (path ? `/${path}` : ''),
    headers: user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
    ...parameters,
  };
}
