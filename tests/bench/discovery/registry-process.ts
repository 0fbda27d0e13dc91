import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { freePorts } from '@rookery/servers';
import { message, PROXY_CORE, type Processes } from '../gateway/processes.ts';

const OPEN_FILES = 60_000;

/** The built registry, in a process of its own that may be killed and started again. */
export class BenchRegistry {
  child!: ChildProcess;

  readonly #processes: Processes;
  readonly port: number;
  readonly #core: string;

  private constructor(processes: Processes, port: number, core: string) {
    this.#processes = processes;
    this.port = port;
    this.#core = core;
  }

  static async start(processes: Processes, core = PROXY_CORE): Promise<BenchRegistry> {
    const registry = new BenchRegistry(processes, (await freePorts(1))[0] ?? 0, core);
    await registry.start();
    return registry;
  }

  get url(): string {
    return `consul://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const env = { HOST: '127.0.0.1', PORT: String(this.port), ROOKERY_HOME: this.#processes.home, LOG_LEVEL: 'error' };
    this.child = this.#processes.fork('apps/registry/dist/main.js', this.#core, [], env);
    allowOpenFiles(this.child);
    await message<{ type: string }>(this.child, ({ type }) => type === 'ready');
  }
}

/** Two sockets for each of 10,000 clients are more than a process may usually have; only root can allow it. */
export function allowOpenFiles({ pid }: ChildProcess): void {
  spawnSync('prlimit', [`--nofile=${OPEN_FILES}:${OPEN_FILES}`, '--pid', String(pid)]);
}
