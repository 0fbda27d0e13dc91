/**
 * Engine: Nacos 1 and 2 through the open API v1, and our centre, which answers it too; Nacos 3, which took that API away,
 * through gRPC. Which of them is there is asked at the first read. Tested on the centre and on Nacos 3.1.
 * Client: Node's fetch, and the connection of @rookery/connections. npm `nacos-config` (2.6.3) has no gRPC, no deadline a
 * call, cannot be cancelled and writes a copy of its own below HOME.
 * Long polls or gRPC push. What it cannot do: sign in with Nacos' users over HTTP, and tell who changed what.
 */

import type { ConfigSource } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { ask } from './followed/ask.ts';
import { type FollowedPlace, type Found, NOTHING } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';
import { type PlaceUrl, readPlaceUrl } from './http-place-url.ts';
import { documentOf } from './nacos/document.ts';
import { NacosGrpcPlace } from './nacos/nacos-grpc-place.ts';

/** What a server answers that has not this API. Who asks for a token does so before it looks for the path. */
const GONE = new Set([401, 403, 404, 410]);
const WORD = '\u0002';
const LINE = '\u0001';

/** @param options `url`: `nacos://host:8848/tenant?group=…&data-id=…&wait=30s`; the data id is `<service>.yaml` when not given */
export function nacosSource(options: DriverOptions): ConfigSource {
  const url = readPlaceUrl(options.url, 'nacos', ['group', 'data-id', 'wait'], true);
  const dataId = url.parameter('data-id') ?? `${options.service}.yaml`;
  const place = new NacosPlace(url, dataId, () => NacosGrpcPlace.at(options.url, dataId));
  return new FollowedSource(place, { ...kept(options), address: url.base, key: ['nacos', options.service] });
}

class NacosPlace implements FollowedPlace {
  readonly name: string;
  readonly #group: string;
  readonly #waitMs: number;
  #md5 = '';
  #checked = false;
  /** What is asked instead, where the server is newer. */
  #newer: FollowedPlace | undefined;

  constructor(
    private readonly url: PlaceUrl,
    private readonly dataId: string,
    private readonly byGrpc: () => Promise<FollowedPlace>,
  ) {
    this.name = `nacos ${url.origin}`;
    this.#group = url.parameter('group') ?? 'DEFAULT_GROUP';
    this.#waitMs = url.durationMs('wait', 30_000);
  }

  async read(signal: AbortSignal): Promise<Found> {
    if (!this.#checked) await this.#checkVersion(signal);
    if (this.#newer) return this.#newer.read(signal);
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
    return documentOf(this.name, dataId, body);
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    if (this.#newer) return this.#newer.mayHaveChanged(signal);
    const tenant = this.url.path ? [this.url.path] : [];
    await ask(`${this.url.origin}/nacos/v1/cs/configs/listener`, {
      signal,
      timeoutMs: this.#waitMs + 3_000,
      headers: { 'long-pulling-timeout': String(this.#waitMs) },
      form: { 'Listening-Configs': [this.dataId, this.#group, this.#md5, ...tenant].join(WORD) + LINE },
    });
  }

  close(): void {
    this.#newer?.close?.();
  }

  async #checkVersion(signal: AbortSignal): Promise<void> {
    const { status, body } = await ask(`${this.url.origin}/nacos/v1/console/server/state`, { signal });
    const version = status === 200 ? /"version"\s*:\s*"([^"]+)"/.exec(body)?.[1] : undefined;
    if (GONE.has(status) || Number(version?.split('.', 1)[0]) >= 3) this.#newer = await this.byGrpc();
    this.#checked = true;
  }
}
