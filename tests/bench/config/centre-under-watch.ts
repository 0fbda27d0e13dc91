import { setTimeout as pause } from 'node:timers/promises';
import { accessToken } from '@rookery/cli';
import { type StartedPlatform, startPlatform } from '../../platform/platform.ts';
import { startBalancer } from './balancer.ts';
import { startChild, startWatchers, type Watchers } from './watchers.ts';

type Balancer = Awaited<ReturnType<typeof startBalancer>>;

const ANSWER_MS = 10_000;
const RETRY_MS = 50;

/** Two replicas of the configuration centre behind a balancer, and processes of watchers. */
export class CentreUnderWatch {
  readonly #stops: Array<() => unknown> = [];
  readonly platform: StartedPlatform;
  readonly #balancer: Balancer;
  readonly #token: string;
  /** Publications that were answered with an error, and repeated. */
  repeated = 0;

  private constructor(platform: StartedPlatform, balancer: Balancer, token: string) {
    this.platform = platform;
    this.#balancer = balancer;
    this.#token = token;
  }

  static async start(): Promise<CentreUnderWatch> {
    const platform = await startPlatform({
      only: ['registry', 'config-center', 'auth', 'gateway'],
      scale: { 'config-center': 2 },
    });
    const balancer = await startBalancer(() => platform.urls('config-center'));
    return new CentreUnderWatch(platform, balancer, await accessToken('', { ROOKERY_HOME: platform.home }));
  }

  /** Starts watchers of a service in a process of their own; resolves when all have loaded. */
  async watch(service: string, count: number): Promise<Watchers> {
    const watchers = await startWatchers(this.#balancer.url, service, count);
    this.#stops.push(watchers.stop);
    return watchers;
  }

  /** Opens streams that nobody publishes to, at each replica in turn: the balancer would need a socket for each of them. */
  async idle(count: number): Promise<void> {
    const child = await startChild('./idle-watchers.ts', [this.platform.urls('config-center').join(), String(count)]);
    this.#stops.push(() => child.kill('SIGKILL'));
  }

  /** Publishes until it is answered well. */
  async publish(service: string, step: number): Promise<void> {
    for (;;) {
      try {
        const response = await fetch(
          `${this.#balancer.url}/api/config-center/settings/default/default/${service}?comment=step-${step}`,
          {
            method: 'PUT',
            headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
            body: JSON.stringify({ step, sentAtMs: Date.now() }),
            signal: AbortSignal.timeout(ANSWER_MS),
          },
        );
        await response.arrayBuffer();
        if (response.ok) return;
        if (response.status < 500) throw new TypeError(`publishing answered ${response.status}`);
      } catch (error) {
        if (error instanceof TypeError && error.cause === undefined) throw error;
      }
      this.repeated += 1;
      await pause(RETRY_MS);
    }
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#balancer.close();
    await this.platform.stop();
  }
}
