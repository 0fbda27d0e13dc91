import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Seen } from './watching.ts';

const START_MS = 180_000;

/** A process of watchers, all of which have loaded. */
export interface Watchers {
  seen(): Promise<Seen>;
  stop(): void;
}

/** Starts watchers of a service in a process of their own. @param url as `CONFIG_URL` has it */
export async function startWatchers(url: string, service: string, count: number): Promise<Watchers> {
  const child = await startChild('./watching.ts', [url, service, String(count)]);
  return {
    async seen() {
      child.send('report');
      const [seen] = (await once(child, 'message', { signal: AbortSignal.timeout(START_MS) })) as [Seen];
      return seen;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/** A process of a file beside this one; resolves when it says that it is ready. */
export async function startChild(file: string, args: string[]): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, LOG_LEVEL: 'silent' },
  });
  const ready = once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended at start`)));
  ended.catch(() => {});
  try {
    await Promise.race([ready, ended]);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return child;
}
