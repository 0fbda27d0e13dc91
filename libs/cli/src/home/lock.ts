import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { isAlive, startToken } from './process-identity.ts';

export const LOCK_FILE = 'lock';

export interface Lock {
  /** The platform that held it before died without letting go. */
  readonly recovered: boolean;
  release(): void;
}

interface Holder {
  pid: number;
  startToken?: string;
}

/** Takes the folder for this process; one sentence when a running platform has it. */
export function takeLock(home: string, pid = process.pid): Lock {
  const lock = tryLock(join(home, LOCK_FILE), pid);
  if ('release' in lock) return lock;
  throw new Failure(
    `The platform already runs here (process ${lock.heldBy}, ${home}); stop it, or set ROOKERY_HOME for a second one.`,
  );
}

/** Takes a lock file for this process, or tells which living process has it. */
export function tryLock(file: string, pid = process.pid): Lock | { heldBy: number } {
  const mine: Holder = { pid, ...withToken(pid) };
  let recovered = false;
  for (;;) {
    if (create(file, mine)) return { recovered, release: () => release(file, pid) };
    const holder = readHolder(file);
    if (holder && holds(holder)) return { heldBy: holder.pid };
    rmSync(file, { force: true });
    recovered = true;
  }
}

/** The file appears with its content, so that nobody ever reads half a lock. */
function create(file: string, holder: Holder): boolean {
  const draft = `${file}.${holder.pid}`;
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function holds({ pid, startToken: token }: Holder): boolean {
  return isAlive(pid) && (token === undefined || startToken(pid) === token);
}

function release(file: string, pid: number): void {
  if (readHolder(file)?.pid === pid) rmSync(file, { force: true });
}

function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

function withToken(pid: number): { startToken?: string } {
  const token = startToken(pid);
  return token === undefined ? {} : { startToken: token };
}
