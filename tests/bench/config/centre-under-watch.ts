import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { accessToken } from '@rookery/cli';
import { type StartedPlatform, startPlatform } from '../../platform/platform.ts';
import { startBalancer } from './balancer.ts';
import type { Seen } from './watching.ts';

type Balancer = Awaited<ReturnType<typeof startBalancer>>;

const ANSWER_MS = 10_000;
const START_MS = 180_000;
const RETRY_MS = 50;

/** Two replicas of the configuration centre behind a balancer, and processes of watchers. */
export class CentreUnderWatch {
  readonly #children: ChildProcess[] = [];
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
  async watch(service: string, count: number): Promise<{ seen(): Promise<Seen> }> {
    const child = await this.#fork('./watching.ts', [this.#balancer.url, service, String(count)]);
    return {
      async seen() {
        child.send('report');
        const [seen] = (await once(child, 'message', { signal: AbortSignal.timeout(START_MS) })) as [Seen];
        return seen;
      },
    };
  }

  /** Opens streams that nobody publishes to, at each replica in turn: the balancer would need a socket for each of them. */
  async idle(count: number): Promise<void> {
    await this.#fork('./idle-watchers.ts', [this.platform.urls('config-center').join(), String(count)]);
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
    for (const child of this.#children) child.kill('SIGKILL');
    this.#balancer.close();
    await this.platform.stop();
  }

  async #fork(file: string, args: string[]): Promise<ChildProcess> {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, LOG_LEVEL: 'silent' },
    });
    this.#children.push(child);
    const ready = once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended at start`)));
    ended.catch(() => {});
    await Promise.race([ready, ended]);
    return child;
  }
}
