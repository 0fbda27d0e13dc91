/**
 * Engine: the KV store of Consul, through its HTTP API: Consul itself and the embedded registry (apps/registry).
 * Client: npm `consul` 2 with the deadlines of @rookery/connections; blocking queries push.
 * The key is `<path>/<service>`, its value YAML or JSON. What it cannot do: tell who changed what, or go back.
 */

import { type ConsulAddress, ConsulConnection, parseConsulUrl } from '@rookery/connections/consul';
import type { ConfigSource } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { parseFormat } from '../formats/parse-format.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { type FollowedPlace, type Found, NOTHING } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';

/** @param options `url`: `consul://host:8500/path?token=…&dc=…&wait=15s`; the path is `config` when not given */
export function consulSource(options: DriverOptions): ConfigSource {
  const address = parseConsulUrl(options.url, connectionErrors);
  const folder = address.path || 'config';
  const place = new ConsulPlace(address, `${folder}/${options.service}`);
  return new FollowedSource(place, { ...kept(options), address: address.server, key: ['consul', options.service] });
}

class ConsulPlace implements FollowedPlace {
  readonly name: string;
  readonly #connection: ConsulConnection;
  #index = 0;

  constructor(
    private readonly address: ConsulAddress,
    private readonly key: string,
  ) {
    this.name = `consul ${address.server}`;
    this.#connection = new ConsulConnection(address);
  }

  async read(signal: AbortSignal): Promise<Found> {
    const { body, index } = await this.#get(0, { signal });
    this.#index = index;
    const { Value: text, ModifyIndex: mark } = (body ?? {}) as { Value?: string | null; ModifyIndex?: number };
    if (mark === undefined) return NOTHING;
    return { settings: parseFormat('yaml', text ?? '', `${this.name}, key ${this.key}`), mark: String(mark) };
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    const { waitMs } = this.address;
    // Consul adds up to a sixteenth to the wait; the rest is for the way.
    await this.#get(this.#index, { signal, timeoutMs: waitMs * (17 / 16) + 1_500 });
  }

  close(): void {
    this.#connection.close();
  }

  #get(index: number, limits: { signal: AbortSignal; timeoutMs?: number }) {
    const blocking = index > 0 ? { index: String(index), wait: `${this.address.waitMs}ms` } : {};
    return this.#connection.call(
      `read ${this.key}`,
      (options) => this.#connection.client.kv.get({ key: this.key, ...blocking, ...options }),
      limits,
    );
  }
}
