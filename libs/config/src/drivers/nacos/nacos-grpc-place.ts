import { parseServerUrl } from '@rookery/connections';
import { NacosConnection, type NacosMessage, type NacosTenant, nacosCodeOf } from '@rookery/connections/nacos';
import { connectionErrors } from '../../errors.ts';
import { type FollowedPlace, type Found, NOTHING } from '../followed/followed-place.ts';
import { documentOf } from './document.ts';

const FORM = {
  example: 'nacos://host:8848/tenant',
  port: 8_848,
  secureSchemes: ['nacos+https'],
  parameters: ['group', 'data-id', 'wait'],
};
const NAMESPACE = 'public';
const NOT_FOUND = 300;
/** The server ends a connection that is silent for 20 s and does not answer it. */
const SILENT_MS = 15_000;

interface Document {
  content?: string;
  md5?: string;
}

/** A data id of Nacos 2 or 3 over gRPC. The server is asked to tell what differs from the text that was read last. */
export class NacosGrpcPlace implements FollowedPlace, NacosTenant {
  readonly name: string;
  #md5 = '';
  #kept = false;
  #news = Promise.withResolvers<void>();

  private constructor(
    private readonly connection: NacosConnection,
    private readonly document: { dataId: string; group: string; tenant: string },
    private readonly waitMs: number,
  ) {
    this.name = `nacos ${connection.url.server}`;
  }

  static async at(text: string, dataId: string): Promise<NacosGrpcPlace> {
    const url = parseServerUrl(text, FORM, connectionErrors);
    const tenant = url.path || NAMESPACE;
    const waitMs = url.durationMs('wait', 30_000);
    const options = {
      module: 'config',
      namespace: tenant,
      waitMs: Math.min(waitMs, SILENT_MS),
      log: undefined,
    } as const;
    const connection = await NacosConnection.to(url, options);
    const document = { dataId, group: url.parameter('group') ?? 'DEFAULT_GROUP', tenant };
    return new NacosGrpcPlace(connection, document, waitMs);
  }

  async read(signal: AbortSignal): Promise<Found> {
    const { dataId } = this.document;
    // What comes from now on may not be in the answer.
    this.#news = Promise.withResolvers();
    try {
      const body = { ...this.document, module: 'config' };
      const { content = '', md5 = '' } = await this.connection.ask<Document>(
        'ConfigQueryRequest',
        body,
        `read ${dataId}`,
        signal,
      );
      this.#md5 = md5;
      return documentOf(this.name, dataId, content);
    } catch (error) {
      if (nacosCodeOf(error) !== NOT_FOUND) throw error;
      this.#md5 = '';
      return NOTHING;
    }
  }

  async mayHaveChanged(signal: AbortSignal): Promise<void> {
    this.#keep();
    const { promise, resolve, reject } = this.#news;
    promise.catch(() => {});
    const timer = setTimeout(resolve, this.waitMs);
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    try {
      signal.throwIfAborted();
      const context = { ...this.document, md5: this.#md5 };
      const { changedConfigs } = await this.connection.ask<{ changedConfigs?: unknown[] }>(
        'ConfigBatchListenRequest',
        { ...this.document, module: 'config', listen: true, configListenContexts: [context] },
        `watch ${this.document.dataId}`,
        signal,
      );
      if (changedConfigs?.length) return;
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** The server knows nothing of the last question any more. */
  connected(): void {
    this.#news.resolve();
  }

  pushed({ type, body }: NacosMessage): void {
    if (type === 'ConfigChangeNotifyRequest' && body.dataId === this.document.dataId) this.#news.resolve();
  }

  close(): void {
    this.connection.close();
  }

  #keep(): void {
    if (this.#kept) return;
    this.#kept = true;
    this.connection.keep(this);
  }
}
