import { spawn } from 'node:child_process';
import { errors } from '../errors.ts';

interface Run {
  readonly deadlineMs: number;
  /** Of its output; more is refused. */
  readonly mostBytes: number;
  readonly credentials?: string | undefined;
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** No file that git writes may be larger: what a push can make this machine keep. In blocks of 512 bytes. */
const MOST_WRITTEN = String((256 * 1024 * 1024) / 512);

/**
 * Runs the program `git` and answers what it prints. It asks nobody for anything, knows only the protocols that were meant,
 * and is killed with all that it started at its deadline. Nothing of it is a shell's: the shell only sets the limit.
 */
export function runGit(args: readonly string[], run: Run): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const child = spawn('sh', ['-c', 'ulimit -f "$0"; exec git "$@"', MOST_WRITTEN, ...args], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environmentOf(run.credentials) },
  });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  const fail = (reason: string) => {
    kill();
    reject(errors.gitFailed(reason));
  };
  const timer = setTimeout(() => fail(`git ${args[0]} took longer than ${run.deadlineMs / 1_000} s`), run.deadlineMs);
  const aborted = () => fail('the centre is stopping');
  run.signal?.addEventListener('abort', aborted, { once: true });
  const printed: Buffer[] = [];
  let size = 0;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > run.mostBytes) fail(`the repository has more than ${run.mostBytes} bytes to read`);
    else printed.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (said.length < 4_000) said += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(run.input ?? '');
  child.on('error', (error) => fail(error.message));
  child.on('close', (code) => {
    clearTimeout(timer);
    run.signal?.removeEventListener('abort', aborted);
    if (code === 0) resolve(Buffer.concat(printed));
    else reject(errors.gitFailed(code === 127 ? 'the program git is not installed' : lastLine(said)));
  });
  return promise;
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.slice(0, 300) || 'it says nothing';

/** Credentials go by the environment: arguments can be seen by everybody on the machine. */
function environmentOf(credentials: string | undefined): NodeJS.ProcessEnv {
  return {
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: 'true',
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    GIT_ALLOW_PROTOCOL: 'file:https:http:ssh',
    GIT_NO_REPLACE_OBJECTS: '1',
    ...(credentials !== undefined && {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(credentials).toString('base64')}`,
    }),
  };
}
