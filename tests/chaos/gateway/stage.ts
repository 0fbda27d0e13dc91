import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Agent, request } from 'undici';
import { eventually } from '../../e2e/client.ts';
import type { Manner } from './instance.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const START_MS = 60_000;
const ANSWER_MS = 10_000;
const SERVICE = 'chaos';

export interface StageOptions {
  /** The registry that the gateway and the instances share. */
  registryUrl: string;
  instances: number;
  /** Settings of the gateway. */
  settings?: object;
  env?: Readonly<Record<string, string>>;
  /** For node, before the program. */
  execArgv?: readonly string[];
}

/** What became of one request. */
export interface Outcome {
  status: number;
  tookMs: number;
  instance: string | undefined;
}

/** A gateway of its own before instances that can be hurt; all of it gone after {@link close}. */
export class Stage {
  readonly instances: ChildProcess[] = [];
  /** Processes of a gateway with several workers. */
  readonly workerPids: number[] = [];
  readonly #home = mkdtempSync(join(tmpdir(), 'rookery-chaos-'));
  #agent = new Agent({ connections: 2_000, pipelining: 1 });
  readonly #options: StageOptions;
  #gateway: ChildProcess | undefined;
  #url = '';
  #made = 0;

  private constructor(options: StageOptions) {
    this.#options = options;
  }

  static async open(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options);
    try {
      await stage.#start();
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get gateway(): ChildProcess {
    if (!this.#gateway) throw new Error('the gateway is not started');
    return this.#gateway;
  }

  get gatewayPid(): number {
    return this.gateway.pid as number;
  }

  /** The address of something that every instance has. */
  get thing(): string {
    return `${this.#url}/api/${SERVICE}/things/1`;
  }

  /** Ends the connections to the gateway. */
  async hangUp(): Promise<void> {
    await this.#agent.destroy();
    this.#agent = new Agent({ connections: 2_000, pipelining: 1 });
  }

  /** One GET; throws where no answer came. */
  async get(): Promise<Outcome> {
    const startedAtMs = performance.now();
    const { statusCode, body } = await request(this.thing, {
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await body.text();
    const instance = statusCode === 200 ? (JSON.parse(text) as { id: string }).id : undefined;
    return { status: statusCode, tookMs: performance.now() - startedAtMs, instance };
  }

  /** Lets some instances behave in another way. */
  async behave(instances: readonly ChildProcess[], manner: Manner): Promise<void> {
    await Promise.all(
      instances.map(async (instance) => {
        const changed = once(instance, 'message');
        instance.send(manner);
        await changed;
      }),
    );
  }

  async kill(instances: readonly ChildProcess[]): Promise<void> {
    await Promise.all(
      instances.map(async (instance) => {
        const gone = once(instance, 'exit');
        instance.kill('SIGKILL');
        await gone;
        this.instances.splice(this.instances.indexOf(instance), 1);
      }),
    );
  }

  /** Starts what is missing. */
  async restart(): Promise<void> {
    while (this.instances.length < this.#options.instances) await this.#startInstance();
  }

  /** Starts what is missing, and resolves once the gateway asks each instance. */
  async complete(): Promise<void> {
    await this.restart();
    const seen = new Set<string>();
    await eventually(
      'the gateway asks every instance',
      async () => {
        const { instance } = await this.get();
        if (instance !== undefined) seen.add(instance);
        return seen.size >= this.#options.instances ? true : undefined;
      },
      START_MS,
      5,
    );
  }

  async close(): Promise<void> {
    for (const instance of this.instances) instance.kill('SIGKILL');
    const gateway = this.#gateway;
    if (gateway && gateway.exitCode === null) {
      const gone = once(gateway, 'exit');
      gateway.kill('SIGTERM');
      await gone;
    }
    await this.#agent.destroy();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { registryUrl, settings = {}, env = {}, execArgv = [] } = this.#options;
    const file = join(this.#home, 'gateway.json');
    writeFileSync(file, JSON.stringify(settings));
    const gateway = fork(join(ROOT, 'apps/gateway/dist/main.js'), {
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: '0',
        GATEWAY_ADMIN_PORT: '0',
        ROOKERY_HOME: this.#home,
        DISCOVERY_URL: registryUrl,
        GATEWAY_SETTINGS: file,
        SHUTDOWN_TIMEOUT_MS: '2000',
        ...env,
      },
      execArgv: [...execArgv],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    this.#gateway = gateway;
    let rest = '';
    gateway.stdout?.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#hear(line);
    });
    const ready = new Promise<string>((tell) => {
      gateway.on('message', ({ type, urls }: { type: string; urls?: { http: string } }) => {
        if (type === 'ready' && urls) tell(urls.http);
      });
    });
    const late = once(gateway, 'exit').then(() => Promise.reject(new Error('the gateway ended at its start')));
    this.#url = await Promise.race([ready, late]);
    late.catch(() => {});
    await this.complete();
  }

  #hear(line: string): void {
    if (!line.includes('worker started')) return;
    const { pid } = JSON.parse(line) as { pid?: number };
    if (pid !== undefined) this.workerPids.push(pid);
  }

  async #startInstance(): Promise<void> {
    const id = `${SERVICE}-${process.pid}-${this.#made++}`;
    const instance = fork(new URL('./instance.ts', import.meta.url), [SERVICE, id], {
      env: { PATH: process.env.PATH, DISCOVERY_URL: this.#options.registryUrl },
      execArgv: [],
    });
    this.instances.push(instance);
    await once(instance, 'message', { signal: AbortSignal.timeout(START_MS) });
  }
}
