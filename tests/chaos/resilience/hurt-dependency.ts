import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { RookeryError } from '@rookery/observability';
import { Agent, request } from 'undici';
import type { Arrivals, Manner } from './dependency.ts';

/** A dependency in a process of its own, which can be hurt, and how it is called. */
export class HurtDependency {
  readonly #agent = new Agent({ connections: 2_000, pipelining: 1 });

  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#process = child;
    this.#url = url;
  }

  static async start(): Promise<HurtDependency> {
    const child = fork(new URL('./dependency.ts', import.meta.url), { env: { PATH: process.env.PATH }, execArgv: [] });
    const [port] = (await once(child, 'message')) as [number];
    return new HurtDependency(child, `http://127.0.0.1:${port}/`);
  }

  /** One call; `attempt` counts from 1. Fails as a client of ours would. */
  async call(attempt: number, signal: AbortSignal): Promise<void> {
    const { statusCode, body } = await request(this.#url, {
      dispatcher: this.#agent,
      signal,
      headers: { 'x-attempt': String(attempt) },
    });
    await body.dump();
    if (statusCode !== 200) throw new RookeryError('DEPENDENCY_FAILED', 'It said no.', { status: statusCode });
  }

  async behave(manner: Manner): Promise<void> {
    const changed = once(this.#process, 'message');
    this.#process.send(manner);
    await changed;
  }

  /** What has arrived since this was asked last. */
  async arrivals(): Promise<Arrivals> {
    const told = once(this.#process, 'message');
    this.#process.send('arrivals');
    const [arrivals] = (await told) as [Arrivals];
    return arrivals;
  }

  /** Connections stay open, and nothing is answered. */
  hang(): void {
    this.#process.kill('SIGSTOP');
  }

  goOn(): void {
    this.#process.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }
}
