import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../home/process-identity.ts';

const PATIENCE_MS = 8_000;

/** The process id of the server that runs on this data, as its own file says; the file outlives a killed server. */
export function postmasterPid(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a server whose platform was killed, and removes a postmaster.pid whose process is gone or another program by now. */
export async function endOrphan(data: string): Promise<void> {
  const pid = postmasterPid(data);
  if (pid === undefined) return;
  if (isServer(pid)) {
    process.kill(pid, 'SIGINT');
    const deadline = Date.now() + PATIENCE_MS;
    while (isAlive(pid) && Date.now() < deadline) await sleep(50);
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  rmSync(join(data, 'postmaster.pid'), { force: true });
}

function isServer(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    // No /proc on this system: the file of a running server is the best that there is to go by.
    return process.platform !== 'linux';
  }
}
