/**
 * Engine: Nacos 1.x and 2.x through its open API v1, and our centre, which answers it too. Nacos 3 took that API away: the
 * server's version is asked at the first read, and one from 3 on is refused in one sentence.
 * Client: Node's fetch. npm `nacos-config` has no deadline a call, cannot be cancelled and writes a copy of its own below HOME.
 * Long polls push. What it cannot do: sign in with Nacos' users, and tell who changed what.
 */

import type { ConfigSource } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { formatOfName } from '../formats/format.ts';
import { parseFormat } from '../formats/parse-format.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { ask } from './followed/ask.ts';
import { type FollowedPlace, type Found, NOTHING } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';
import { type PlaceUrl, readPlaceUrl } from './http-place-url.ts';

const WORD = '\u0002';
const LINE = '\u0001';

/** @param options `url`: `nacos://host:8848/tenant?group=…&data-id=…&wait=30s`; the data id is `<service>.yaml` when not given */
export function nacosSource(options: DriverOptions): ConfigSource {
  const url = readPlaceUrl(options.url, 'nacos', ['group', 'data-id', 'wait'], true);
  const place = new NacosPlace(url, url.parameter('data-id') ?? `${options.service}.yaml`);
  return new FollowedSource(place, { ...kept(options), address: url.base, key: ['nacos', options.service] });
}

class NacosPlace implements FollowedPlace {
  readonly name: string;
  readonly #group: string;
  readonly #waitMs: number;
  #md5 = '';
  #checked = false;

  constructor(
    private readonly url: PlaceUrl,
    private readonly dataId: string,
  ) {
    this.name = `nacos ${url.origin}`;
    this.#group = url.parameter('group') ?? 'DEFAULT_GROUP';
    this.#waitMs = url.durationMs('wait', 30_000);
  }

  async read(signal: AbortSignal): Promise<Found> {
    await this.#checkVersion(signal);
    const { dataId } = this;
    const query = new URLSearchParams({ dataId, group: this.#group, ...(this.url.path && { tenant: this.url.path }) });
    const { status, headers, body } = await ask(`${this.url.origin}/nacos/v1/cs/configs?${query}`, { signal });
    if (status === 404) {
      this.#md5 = '';
      return NOTHING;
    }
    if (status !== 200)
      throw connectionErrors.refused(this.url.origin, `read ${dataId}`, `${status} ${body.slice(0, 200)}`);
    this.#md5 = headers.get('content-md5') ?? '';
    const format = formatOfName(dataId)?.format ?? 'yaml';
    const settings = parseFormat(format, body, `${this.name}, ${dataId}`);
    return { settings, mark: body, ...(format === 'properties' && { text: true }) };
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    const tenant = this.url.path ? [this.url.path] : [];
    await ask(`${this.url.origin}/nacos/v1/cs/configs/listener`, {
      signal,
      timeoutMs: this.#waitMs + 3_000,
      headers: { 'long-pulling-timeout': String(this.#waitMs) },
      form: { 'Listening-Configs': [this.dataId, this.#group, this.#md5, ...tenant].join(WORD) + LINE },
    });
  }

  async #checkVersion(signal: AbortSignal): Promise<void> {
    if (this.#checked) return;
    const { status, body } = await ask(`${this.url.origin}/nacos/v1/console/server/state`, { signal });
    const version = status === 200 ? /"version"\s*:\s*"([^"]+)"/.exec(body)?.[1] : undefined;
    if (status === 404 || status === 410 || Number(version?.split('.', 1)[0]) >= 3) {
      const reason = `it is ${version ? `version ${version}` : 'Nacos 3 or newer'}, which has no open API v1; use Nacos 1 or 2`;
      throw connectionErrors.refused(this.url.origin, 'be read', reason);
    }
    this.#checked = true;
  }
}
