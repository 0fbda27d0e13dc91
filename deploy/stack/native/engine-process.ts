import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { NativeCommand } from '../model.ts';

const POLL_MS = 50;

/** An engine that runs from its installed program, in a process group of its own; it ends with this process. */
export class EngineProcess {
  readonly name: string;
  readonly #log: string;
  readonly #guard: ChildProcess;
  readonly #exited: Promise<void>;
  #running = true;

  /** @param cwd its own folder; its output goes to `<cwd>/../<name>.log` */
  constructor(name: string, command: NativeCommand, cwd: string, log: string) {
    this.name = name;
    this.#log = log;
    mkdirSync(dirname(log), { recursive: true });
    const output = openSync(log, 'w', 0o600);
    this.#guard = fork(new URL('./engine-guard.ts', import.meta.url), {
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    this.#exited = new Promise((resolve) => {
      this.#guard.once('exit', () => {
        this.#running = false;
        resolve();
      });
    });
    this.#guard.on('error', () => {});
    this.#guard.send({ ...command, cwd });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Settles when the engine is gone. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Resolves when the check passes; rejects with the end of the log when the engine ended or time is up. */
  async ready(check: () => Promise<void>, withinMs: number, signal: AbortSignal): Promise<void> {
    for (const endsAtMs = Date.now() + withinMs; ; await pause(POLL_MS, undefined, { signal })) {
      try {
        return await check();
      } catch (error) {
        const why = !this.#running
          ? 'ended at start'
          : Date.now() > endsAtMs
            ? `was not ready within ${withinMs / 1_000} s (${error instanceof Error ? error.message : error})`
            : undefined;
        if (why) throw new Error(`${this.name} ${why}; the end of ${this.#log}:\n${this.#tail()}`, { cause: error });
      }
    }
  }

  /** Asks it to end in its own way; it is killed when it takes too long. */
  async stop(): Promise<void> {
    if (this.#running) this.#guard.kill('SIGTERM');
    await this.#exited;
  }

  #tail(): string {
    return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  }
}
