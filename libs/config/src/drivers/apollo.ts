/**
 * Engine: Apollo's config service (the URL is the config service's, not the portal's), and our centre, which answers as one.
 * Client: Node's fetch; npm has no Apollo client that signs and can be cancelled. Notifications push.
 * A .properties namespace is text, which the schema reads; the first of several namespaces wins.
 */

import { createHmac } from 'node:crypto';
import type { ConfigSource, SettingsTree } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { unflatten } from '../formats/flatten.ts';
import { formatOfName } from '../formats/format.ts';
import { parseFormat } from '../formats/parse-format.ts';
import { layOver } from '../merge.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { type Answered, ask } from './followed/ask.ts';
import type { FollowedPlace, Found } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';
import { type PlaceUrl, readPlaceUrl } from './http-place-url.ts';

/** The service holds a poll for a minute. */
const HELD_MS = 70_000;

/** @param options `url`: `apollo+http://host:8080?app-id=…&cluster=…&namespaces=application,mail&secret=…`; the app id is the service when not given */
export function apolloSource(options: DriverOptions): ConfigSource {
  const url = readPlaceUrl(options.url, 'apollo', ['app-id', 'cluster', 'namespaces', 'secret', 'label']);
  const place = new ApolloPlace(url, url.parameter('app-id') ?? options.service);
  return new FollowedSource(place, { ...kept(options), address: url.base, key: ['apollo', options.service] });
}

class ApolloPlace implements FollowedPlace {
  readonly name: string;
  readonly #cluster: string;
  readonly #ids: Map<string, number>;

  constructor(
    private readonly url: PlaceUrl,
    private readonly appId: string,
  ) {
    this.name = `apollo ${url.origin}`;
    this.#cluster = url.parameter('cluster') ?? 'default';
    const namespaces = (url.parameter('namespaces') ?? 'application').split(',').filter(Boolean);
    this.#ids = new Map(namespaces.map((namespace) => [namespace, -1]));
  }

  async read(signal: AbortSignal): Promise<Found> {
    let settings: SettingsTree = {};
    let text = false;
    const marks: string[] = [];
    for (const namespace of [...this.#ids.keys()].reverse()) {
      const label = this.url.parameter('label');
      const path = ['configs', this.appId, this.#cluster, namespace].map(encodeURIComponent).join('/');
      const { status, body } = await this.#ask(`/${path}${label ? `?label=${encodeURIComponent(label)}` : ''}`, signal);
      if (status === 404) continue;
      if (status !== 200) throw connectionErrors.refused(this.url.origin, `read ${namespace}`, String(status));
      const { configurations } = JSON.parse(body) as { configurations: Record<string, string> };
      marks.push(namespace, body);
      const format = formatOfName(namespace)?.format ?? 'properties';
      text ||= format === 'properties';
      settings = layOver(
        settings,
        format === 'properties'
          ? unflatten(Object.entries(configurations))
          : parseFormat(format, configurations.content ?? '', `${this.name}, ${namespace}`),
      );
    }
    return { settings, mark: marks.join('\n'), ...(text && { text }) };
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    const asked = [...this.#ids].map(([namespaceName, notificationId]) => ({ namespaceName, notificationId }));
    const query = new URLSearchParams({
      appId: this.appId,
      cluster: this.#cluster,
      notifications: JSON.stringify(asked),
    });
    const { status, body } = await this.#ask(`/notifications/v2?${query}`, signal, HELD_MS);
    if (status === 304) return;
    if (status !== 200) throw connectionErrors.refused(this.url.origin, 'be listened to', String(status));
    for (const { namespaceName, notificationId } of JSON.parse(body) as typeof asked) {
      if (this.#ids.has(namespaceName)) this.#ids.set(namespaceName, notificationId);
    }
  }

  #ask(path: string, signal: AbortSignal, timeoutMs?: number): Promise<Answered> {
    const secret = this.url.parameter('secret');
    const timestamp = String(Date.now());
    const signature = secret && createHmac('sha1', secret).update(`${timestamp}\n${path}`).digest('base64');
    return ask(this.url.base + path, {
      signal,
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(signature && { headers: { timestamp, authorization: `Apollo ${this.appId}:${signature}` } }),
    });
  }
}
