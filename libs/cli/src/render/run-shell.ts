import { type ChildProcess, spawn } from 'node:child_process';
import { Failure, messageOf } from '../failure.ts';

const COMMAND_MS = 30_000;
const MOST_OUTPUT = 2_000;
/** How long what a command said last may be under way when it has ended. */
const LAST_WORDS_MS = 100;

export interface ShellOptions {
  variables?: Record<string, string>;
  /** Ends the command with all that it started. */
  signal?: AbortSignal | undefined;
}

/**
 * Runs a shell command; a Failure with the end of what it said when it fails. It is over when the shell has ended: a server
 * that it started in the background may hold its output for ever.
 */
export function runShell(purpose: string, command: string, options: ShellOptions = {}): Promise<void> {
  const { variables = {}, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(command, {
    shell: true,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  let ended = '';
  const hear = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MOST_OUTPUT);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const end = (reason: string) => {
    ended = reason;
    killAll(child);
  };
  const stop = () => end('stopped');
  const timer = setTimeout(() => end(`not over after ${COMMAND_MS / 1_000} s`), COMMAND_MS);
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  child.on('error', (error) => reject(new Failure(`--${purpose} ${command}: ${messageOf(error)}`)));
  child.on('exit', (code, by) => {
    const judge = () => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Failure(`--${purpose} ${command} failed (${ended || (by ?? code)}): ${output.trim()}`));
    };
    const late = setTimeout(judge, LAST_WORDS_MS);
    child.once('close', () => {
      clearTimeout(late);
      judge();
    });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  });
}

/** The shell is the leader of a group of its own, with all that it started in the foreground. */
function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
