/**
 * Engine: a ConfigMap of Kubernetes, by the API's LIST and WATCH (core/v1); tested on kube-apiserver 1.3x. Client: Node's own
 * HTTP, as the discovery driver has it. The ConfigMap is named as the service; each of its keys is a document, laid over the
 * one before it in the order of their names, and the ending of a key tells its format (YAML when none). What it cannot do:
 * tell who changed what, or go back. A ConfigMap that is mounted is a folder: `file:/etc/settings`.
 */

import type { ConfigSource, SettingsTree } from '../config.ts';
import { formatOfName } from '../formats/format.ts';
import { parseFormat } from '../formats/parse-format.ts';
import { layOver } from '../merge.ts';
import { type DriverOptions, kept } from './driver-options.ts';
import { type FollowedPlace, type Found, NOTHING } from './followed/followed-place.ts';
import { FollowedSource } from './followed/followed-source.ts';
import { KubernetesApi } from './kubernetes/kubernetes-api.ts';
import { type KubernetesAddress, parseKubernetesUrl } from './kubernetes/kubernetes-url.ts';

const DEADLINE_MS = 2_000;
/** What the server may need beyond the time that a watch was asked for. */
const SLACK_MS = 1_500;
/** A ConfigMap holds at most 1 MiB. */
const LONGEST_BYTES = 4 * 1024 * 1024;

interface ConfigMapList {
  metadata: { resourceVersion: string };
  items: { metadata: { uid?: string; resourceVersion?: string }; data?: Record<string, string> | null }[];
}

/** @param options `url`: `kubernetes://[host:6443]?namespace=…&name=…&wait=30s`, in a pod without a host */
export function kubernetesSource(options: DriverOptions): ConfigSource {
  const address = parseKubernetesUrl(options.url);
  const place = new ConfigMapPlace(address, address.name ?? options.service);
  const key = ['kubernetes', address.namespace ?? 'own', options.service];
  return new FollowedSource(place, { ...kept(options), address: address.server, key });
}

class ConfigMapPlace implements FollowedPlace {
  readonly name: string;
  readonly #api: KubernetesApi;
  #resourceVersion = '0';

  constructor(
    private readonly address: KubernetesAddress,
    private readonly configMap: string,
  ) {
    this.name = `kubernetes ${address.server}`;
    this.#api = new KubernetesApi(address);
  }

  async read(signal: AbortSignal): Promise<Found> {
    return within(DEADLINE_MS, signal, async (ended) => {
      const { response } = await this.#api.get(this.#query(), ended);
      const { metadata, items } = JSON.parse(await textOf(response)) as ConfigMapList;
      this.#resourceVersion = metadata.resourceVersion;
      const [found] = items;
      if (!found) return NOTHING;
      const documents = Object.entries(found.data ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
      const settings = documents.reduce<SettingsTree>((below, [key, text]) => {
        return layOver(below, parseFormat(formatOfName(key)?.format ?? 'yaml', text, `${this.name}, key ${key}`));
      }, {});
      return { settings, mark: `${found.metadata.uid}@${found.metadata.resourceVersion}` };
    });
  }

  /** Until the first event after what was read; reading tells what there is, also after the watch was refused as too old. */
  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    const { waitS } = this.address;
    await within(waitS * 1_000 + SLACK_MS, signal, async (ended) => {
      const watch = { watch: 'true', resourceVersion: this.#resourceVersion, timeoutSeconds: String(waitS) };
      const { response } = await this.#api.get({ ...this.#query(), ...watch }, ended);
      for await (const _event of response) break;
      response.destroy();
    });
  }

  close(): void {
    this.#api.close();
  }

  #query(): Record<string, string> {
    return { fieldSelector: `metadata.name=${this.configMap}` };
  }
}

async function within<T>(ms: number, signal: AbortSignal, work: (ended: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error(`no answer within ${ms} ms`)), ms);
  try {
    return await work(AbortSignal.any([signal, deadline.signal]));
  } catch (error) {
    throw deadline.signal.aborted ? deadline.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > LONGEST_BYTES) throw new Error(`its answer is longer than ${LONGEST_BYTES} bytes`);
    read.push(chunk);
  }
  return Buffer.concat(read).toString('utf8');
}
