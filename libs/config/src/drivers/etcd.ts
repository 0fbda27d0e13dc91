/**
 * Engine: etcd, API v3, 3.4 and newer. Client: @grpc/grpc-js with the connection of @rookery/connections.
 * Every key under `/<namespace>/<service>/` is a document, laid over the one before it in the order of their names; the
 * ending of a name tells its format (YAML when none). A watch pushes. What it cannot do: tell who changed what.
 */

import { parseServerUrl } from '@rookery/connections';
import { EtcdConnection, keysUnder } from '@rookery/connections/etcd';
import type { ConfigSource, SettingsTree } from '../config.ts';
import { connectionErrors } from '../errors.ts';
import { formatOfName } from '../formats/format.ts';
import { parseFormat } from '../formats/parse-format.ts';
import { layOver } from '../merge.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import type { FollowedPlace, Found } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';

const FORM = {
  example: 'etcd://host:2379',
  port: 2_379,
  secureSchemes: ['etcd+tls'],
  parameters: ['wait'],
};

/** @param options `url`: `etcd://user:password@host:2379,host:2379/namespace?wait=15s`; the namespace is `config` when not given */
export async function etcdSource(options: DriverOptions): Promise<ConfigSource> {
  const url = parseServerUrl(options.url, FORM, connectionErrors);
  const prefix = `/${url.path || 'config'}/${options.service}/`;
  const place = new EtcdPlace(await EtcdConnection.to(url), prefix, url.durationMs('wait', 15_000));
  return new FollowedSource(place, { ...kept(options), address: url.server, key: ['etcd', options.service] });
}

class EtcdPlace implements FollowedPlace {
  readonly name: string;
  #revision = '0';

  constructor(
    private readonly connection: EtcdConnection,
    private readonly prefix: string,
    private readonly waitMs: number,
  ) {
    this.name = `etcd ${connection.url.server}`;
  }

  async read(signal: AbortSignal): Promise<Found> {
    const { header, kvs } = await this.connection.range(this.prefix, 'read the settings', { signal });
    this.#revision = header.revision;
    const documents = kvs.map(({ key, value }) => [key.toString(), value.toString()] as const);
    const settings = documents.reduce<SettingsTree>((below, [key, text]) => {
      return layOver(below, parseFormat(formatOfName(key)?.format ?? 'yaml', text, `${this.name}, key ${key}`));
    }, {});
    return { settings, mark: documents.length === 0 ? '' : JSON.stringify(documents) };
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stream = await this.connection.watchStream({
      message: ({ events, canceled }) => {
        // A watch that the server ends is over for what it no longer keeps: reading tells what there is.
        if (canceled || events.length > 0) resolve();
      },
      end: (error) => reject(error ?? new Error('the server ended the stream')),
    });
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    const timer = setTimeout(resolve, this.waitMs);
    try {
      const from = String(BigInt(this.#revision) + 1n);
      stream.write({ create_request: { ...keysUnder(this.prefix), start_revision: from, watch_id: '1' } });
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      stream.cancel();
    }
  }

  close(): void {
    this.connection.close();
  }
}
