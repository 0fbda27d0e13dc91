import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sourceArguments } from '@rookery/servers';

const MAIN = new URL('../../libs/cli/src/main.ts', import.meta.url).pathname;

/** The `rookery` command as a process of its own, and what it says. */
export class RunningCommand {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(words: readonly string[], environment: Record<string, string> = {}) {
    this.#child = spawn(process.execPath, [...sourceArguments, MAIN, ...words], {
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'close').then(([code]) => code as number | null);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream) createInterface(stream).on('line', (line) => this.lines.push(line));
  }

  says(text: string): boolean {
    return this.lines.some((line) => line.includes(text));
  }

  /** Ends it; its exit code, or null when the signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    return this.#ended;
  }
}

export class RunningSync extends RunningCommand {
  constructor(flags: readonly string[]) {
    super(['sync', ...flags]);
  }
}
