import { hideSecrets } from '@rookery/connections';
import { connectionErrors } from '../errors.ts';

/** The address of a place behind HTTP, taken apart. */
export interface PlaceUrl {
  /** `http://host:port/path`, without a slash at the end and without a name or password. */
  readonly base: string;
  /** The path alone, without slashes at its ends. */
  readonly path: string;
  readonly origin: string;
  /** Of HTTP basic authentication. */
  readonly headers: Record<string, string>;
  parameter(name: string): string | undefined;
  durationMs(name: string, whenUnset: number): number;
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
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw bad(`"${unknown}" is not one of ${known.join(', ')}`);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  const parameter = (name: string) => url.searchParams.get(name) ?? undefined;
  return {
    origin: url.origin,
    path,
    base: url.origin + (path ? `/${path}` : ''),
    headers: user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
    parameter,
    durationMs(name, whenUnset) {
      const value = parameter(name);
      if (value === undefined) return whenUnset;
      const [, digits, unit] = /^([1-9]\d{0,5})(ms|s)$/.exec(value) ?? [];
      if (digits === undefined) throw bad(`${name} is "${value}" and not a duration like 15s or 500ms`);
      return Number(digits) * (unit === 's' ? 1_000 : 1);
    },
  };
}
