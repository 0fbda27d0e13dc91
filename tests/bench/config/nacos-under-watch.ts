import { setTimeout as pause } from 'node:timers/promises';
import { measured, type NacosServer, startNacos } from '@rookery/servers';
import { startWatchers, type Watchers } from './watchers.ts';

const RETRY_MS = 50;

/** A Nacos server as it is, and processes of watchers; its clients are our driver, over gRPC. */
export class NacosUnderWatch {
  readonly #server: NacosServer;
  readonly #watchers: Watchers[] = [];

  private constructor(server: NacosServer) {
    this.#server = server;
  }

  /** Undefined where Nacos is not installed. */
  static async start(): Promise<NacosUnderWatch | undefined> {
    measured();
    const server = await startNacos();
    return server && new NacosUnderWatch(server);
  }

  async watch(service: string, count: number): Promise<Watchers> {
    const watchers = await startWatchers(this.#server.url, service, count);
    this.#watchers.push(watchers);
    return watchers;
  }

  async publish(service: string, step: number): Promise<void> {
    for (;;) {
      const content = JSON.stringify({ step, sentAtMs: Date.now() });
      const document = { dataId: `${service}.yaml`, groupName: 'DEFAULT_GROUP', namespaceId: 'public' };
      if (
        (await this.#server.administer('POST', '/v3/admin/cs/config', { ...document, type: 'yaml', content })) === true
      )
        return;
      await pause(RETRY_MS);
    }
  }

  async close(): Promise<void> {
    for (const watchers of this.#watchers) watchers.stop();
    await this.#server.stop();
  }
}
