/**
 * Engine: a Spring Cloud Config server (tested on 4.3), or our centre below `/spring`. Client: Node's fetch.
 * What it cannot do: push. It is asked again every `poll`; Spring's own clients learn of changes by a bus or a restart.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { ConfigSource, SettingsTree } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { unflatten } from '../formats/flatten.ts';
import { layOver } from '../merge.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { ask } from './followed/ask.ts';
import { type FollowedPlace, type Found, NOTHING } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';
import { type PlaceUrl, readPlaceUrl } from './http-place-url.ts';

interface Environment {
  propertySources?: { name: string; source: Record<string, unknown> }[];
}

/** @param options `url`: `spring+http://user:password@host:8888/path?profile=prod&label=main&poll=10s` */
export function springSource(options: DriverOptions): ConfigSource {
  const url = readPlaceUrl(options.url, 'spring', ['profile', 'label', 'poll']);
  const profile = url.parameter('profile') ?? 'default';
  const place = new SpringPlace(url, options.service, profile, url.durationMs('poll', 10_000));
  const key = ['spring', options.service, profile.replaceAll(/[^\w-]/g, '_')];
  return new FollowedSource(place, { ...kept(options), address: url.base, key });
}

class SpringPlace implements FollowedPlace {
  readonly name: string;
  readonly #path: string;

  constructor(
    private readonly url: PlaceUrl,
    service: string,
    profile: string,
    private readonly pollMs: number,
  ) {
    this.name = `spring-cloud-config ${url.origin}`;
    const label = url.parameter('label');
    this.#path = [service, profile, ...(label ? [label] : [])].map(encodeURIComponent).join('/');
  }

  async read(signal: AbortSignal): Promise<Found> {
    const { status, body } = await ask(`${this.url.base}/${this.#path}`, { signal, headers: this.url.headers });
    if (status === 404) return NOTHING;
    if (status !== 200) throw connectionErrors.refused(this.url.origin, `read ${this.#path}`, String(status));
    const { propertySources = [] } = JSON.parse(body) as Environment;
    // The first wins, and lists count as a whole: their places are keys of one source.
    const settings = propertySources.toReversed().reduce<SettingsTree>((below, { source }) => {
      return layOver(below, unflatten(Object.entries(source)));
    }, {});
    return { settings, mark: propertySources.length === 0 ? '' : JSON.stringify(propertySources) };
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    await delay(this.pollMs, undefined, { signal });
  }
}
