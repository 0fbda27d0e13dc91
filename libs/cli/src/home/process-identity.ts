import { readFileSync } from 'node:fs';

/** Whether a process with this id runs; one that belongs to another user counts. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return state(pid) !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the process started, as the system counts; tells it from a later one with the same id. Undefined where unknown. */
export function startToken(pid: number): string | undefined {
  return stat(pid)?.[19];
}

function state(pid: number): string | undefined {
  return stat(pid)?.[0];
}

function stat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
