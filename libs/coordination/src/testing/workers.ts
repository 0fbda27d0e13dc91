import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job, Said, Told } from './worker.ts';

export type { Job, Said } from './worker.ts';

const LOOK_EVERY_MS = 15;

/** Waits until `check` answers something true, and answers that. */
export async function until<T>(what: string, check: () => T | Promise<T>, withinMs = 15_000): Promise<NonNullable<T>> {
  const endsAtMs = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > endsAtMs) throw new Error(`Not within ${Math.round(withinMs)} ms: ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

/** Runs a TypeScript file in a process of its own, with IPC. */
export type Fork = (file: URL) => ChildProcess;

/** A process that coordinates with others, and what it has said of its job. */
export class Worker {
  said: Said[] = [];
  #onWrite: (said: Said) => void = () => {};
  readonly #child: ChildProcess;

  private constructor(fork: Fork) {
    this.#child = fork(new URL('./worker.ts', import.meta.url));
    this.#child.on('message', (said: Said) => {
      this.said.push(said);
      if (said.write !== undefined) this.#onWrite(said);
    });
  }

  static async start(fork: Fork): Promise<Worker> {
    const worker = new Worker(fork);
    await worker.says('idle');
    return worker;
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  begin(job: Job, onWrite: (said: Said) => void): void {
    this.said = [];
    this.#onWrite = onWrite;
    this.#tell({ job });
  }

  async says<K extends keyof Said>(key: K, withinMs = 30_000): Promise<NonNullable<Said[K]>> {
    return until(`a process says ${key}`, () => this.said.find((said) => said[key] !== undefined)?.[key], withinMs);
  }

  resign(): void {
    this.#tell({ resign: true });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends its job; a process that does not within its time is killed. */
  async end(): Promise<void> {
    if (!this.alive) return;
    this.#tell({ end: true });
    await this.says('idle', 5_000).catch(() => this.kill());
  }

  async kill(): Promise<void> {
    if (!this.alive) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #tell(told: Told): void {
    this.#child.send(told);
  }
}

/** Processes that have one job after another, since each takes a second to start. */
export class Workers {
  readonly #idle: Worker[] = [];
  readonly #busy: Worker[] = [];

  constructor(private readonly fork: Fork) {}

  async begin(job: Job, onWrite: (said: Said) => void = () => {}): Promise<Worker> {
    const worker = this.#idle.pop() ?? (await Worker.start(this.fork));
    this.#busy.push(worker);
    worker.begin(job, onWrite);
    return worker;
  }

  /** After a case: who lives may have the next job. */
  async rest(): Promise<void> {
    const busy = this.#busy.splice(0);
    await Promise.all(busy.map((worker) => worker.end()));
    this.#idle.push(...busy.filter(({ alive }) => alive));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#idle, ...this.#busy].map((worker) => worker.kill()));
  }
}

/** A resource that refuses a token older than one that it has seen. */
export class FencedResource {
  highest = 0n;
  readonly refused: Said[] = [];
  readonly taken: Said[] = [];

  write = (said: Said): void => {
    const token = BigInt(said.write ?? 0);
    if (token < this.highest) this.refused.push(said);
    else {
      this.highest = token;
      this.taken.push(said);
    }
  };
}
