import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface GuardedOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  /** Folder that is its own: where it runs, removed when this process ends without having stopped it. */
  home: string;
  /** File that takes its output. */
  log: string;
  uid?: number;
  gid?: number;
}

/**
 * Runs the program in a process group of its own, whose guard reads a pipe of ours: when this process ends in
 * whatever way, the pipe ends and the guard removes the folder and kills the group; when the program ends, the guard ends with it.
 */
const GUARD = '{ "$@" </dev/null; kill -KILL 0; } & cat >/dev/null; rm -rf "$GUARDED_HOME"; kill -KILL 0';

/** Bounded, since a machine whose first process does not collect the dead shows them for ever. */
const GROUP_ENDS_MS = 1_000;

/** A program that does not outlive this process. */
export class GuardedProcess {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #ended: Promise<void>;
  running = true;

  constructor({ command, args, env, home, log, uid, gid }: GuardedOptions) {
    this.#log = log;
    const output = openSync(log, 'a');
    this.#child = spawn('sh', ['-c', GUARD, 'guard', command, ...args], {
      detached: true,
      stdio: ['pipe', output, output],
      cwd: home,
      env: { ...(env ?? process.env), GUARDED_HOME: home },
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    closeSync(output);
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.running = false;
      resolve();
    };
    this.#child.once('exit', end);
    this.#child.once('error', end);
    this.#child.stdin?.on('error', () => {});
    this.#ended = promise;
    this.#child.unref();
    (this.#child.stdin as { unref?(): void } | null)?.unref?.();
  }

  /** Resolves when the program and its guard are gone. */
  get ended(): Promise<void> {
    if (this.running) this.#child.ref();
    return this.#ended;
  }

  /** SIGKILL to the program and every child in its group. */
  async kill(): Promise<void> {
    if (this.running && this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    await this.ended;
    // The guard may be gone a moment before the program, which holds its port until then.
    const endsAtMs = Date.now() + GROUP_ENDS_MS;
    while (this.#groupLives() && Date.now() < endsAtMs) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #groupLives(): boolean {
    try {
      return this.#child.pid !== undefined && process.kill(-this.#child.pid, 0);
    } catch {
      return false;
    }
  }

  /** Resolves when `check` does not throw; throws the end of the log when the program ended or the time is over. */
  async ready(name: string, check: () => Promise<void>, withinMs = 30_000): Promise<void> {
    const endsAtMs = Date.now() + withinMs;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (!this.running) throw new Error(`${name} ended at start:\n${this.tail()}`, { cause: error });
        if (Date.now() > endsAtMs) {
          throw new Error(`${name} was not ready within ${withinMs} ms:\n${this.tail()}`, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  tail(): string {
    return readFileSync(this.#log, 'utf8').split('\n').slice(-15).join('\n');
  }
}
