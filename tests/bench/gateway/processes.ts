import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** The proxies have the first core; the load and the upstreams the second. */
export const PROXY_CORE = '0';
export const LOAD_CORE = '1';
const ANSWER_MS = 60_000;

/** The processes of a bench, each on its core, and a folder for their files; all gone after {@link close}. */
export class Processes {
  readonly home = mkdtempSync(join(tmpdir(), 'rookery-bench-'));
  readonly #children: ChildProcess[] = [];
  isPinned = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

  /** Runs a file of the workspace with IPC; what it prints goes to `log` in the folder, or nowhere. */
  fork(file: string, core: string, args: string[] = [], env: Record<string, string> = {}, log?: string): ChildProcess {
    const output = log === undefined ? undefined : openSync(join(this.home, log), 'a');
    const child = fork(join(ROOT, file), args, {
      env: { ...process.env, ...env },
      execArgv: [],
      stdio: ['ignore', output ?? 'ignore', 'inherit', 'ipc'],
    });
    if (output !== undefined) closeSync(output);
    return this.#keep(child, core);
  }

  /** Runs a program that is installed here. */
  spawn(program: string, args: string[], core: string, env: Record<string, string> = {}): ChildProcess {
    const child = spawn(program, args, { cwd: this.home, env: { ...process.env, ...env }, stdio: 'ignore' });
    return this.#keep(child, core);
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }

  #keep(child: ChildProcess, core: string): ChildProcess {
    this.#children.push(child);
    if (this.isPinned && spawnSync('taskset', ['-a', '-cp', core, String(child.pid)]).status !== 0)
      this.isPinned = false;
    return child;
  }
}

/** The next message of a child that is wanted. A child that ends is not waited for. */
export async function message<T>(
  child: ChildProcess,
  wanted: (value: T) => boolean = () => true,
  withinMs = ANSWER_MS,
): Promise<T> {
  const file = child.spawnargs.slice(1).join(' ');
  const over = new AbortController();
  const ended = once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
    throw new Error(`${file} ended with ${code ?? signal} before it answered`);
  });
  const answered = async (): Promise<T> => {
    for (;;) {
      const [value] = (await once(child, 'message', { signal: over.signal })) as [T];
      if (wanted(value)) return value;
    }
  };
  const late = setTimeout(() => over.abort(new Error(`${file} did not answer within ${withinMs} ms`)), withinMs);
  try {
    return await Promise.race([answered(), ended]);
  } catch (error) {
    throw over.signal.aborted ? over.signal.reason : error;
  } finally {
    clearTimeout(late);
    over.abort();
  }
}

/** Processor time of a process so far, all its threads, where the system says it. */
export function cpuMicros({ pid }: Pick<ChildProcess, 'pid'>): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return Number.NaN;
  }
}

/** Memory that a process holds now, where the system says it. */
export function residentBytes({ pid }: Pick<ChildProcess, 'pid'>): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1_024;
  } catch {
    return Number.NaN;
  }
}
