/** A process of the contract: does one job after the other, each with an engine of its own, and says by IPC what happened. */
import { appendFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Coordination, Lock } from '../coordination.ts';
import { createCoordination } from '../create-coordination.ts';

/** What a worker is told to do. */
export type Job = { url: string; name: string; leaseMs: number } & (
  | { kind: 'rounds'; rounds: number; file: string }
  | { kind: 'hold' }
  | { kind: 'add'; times: number }
  | { kind: 'barrier'; parties: number }
  | { kind: 'lead' }
);

/** What it is told: a job, to end the one that goes on for ever, or to step down. */
export type Told = { job: Job } | { end: true } | { resign: true };

/** What it says: each a field of its own. */
export interface Said {
  ready?: true;
  /** Token of the lock that it holds now. */
  held?: string;
  /** A write to a fenced resource; `checked` when it looked first whether it holds the lock. */
  write?: string;
  checked?: boolean;
  lost?: string;
  done?: number;
  /** Its job is over, and it may have another. */
  idle?: true;
}

const WRITE_EVERY_MS = 20;
const WAIT_MS = 60_000;
const say = (said: Said): void => void process.send?.(said);
const told = (what: 'end' | 'resign'): Promise<void> =>
  new Promise((resolve) => {
    const hear = (message: Told): void => {
      if (!(what in message) && !('end' in message)) return;
      process.off('message', hear);
      resolve();
    };
    process.on('message', hear);
  });

/** Writes on and on, whether or not the lock is held: the resource has to look at the token. */
function writeOn(lock: Lock): void {
  say({ held: String(lock.token) });
  const writing = setInterval(() => say({ write: String(lock.token), checked: lock.held }), WRITE_EVERY_MS);
  lock.signal.addEventListener('abort', () => {
    clearInterval(writing);
    say({ lost: (lock.signal.reason as { code?: string }).code ?? 'unknown' });
  });
}

async function work(coordination: Coordination, job: Job): Promise<void> {
  const { name, leaseMs } = job;
  const options = { leaseMs, waitMs: WAIT_MS };
  if (job.kind === 'rounds') {
    for (let round = 0; round < job.rounds; round++) {
      const enter = async ({ token }: Lock): Promise<void> => {
        appendFileSync(job.file, `enter ${token} ${process.pid}\n`);
        await pause(2);
        appendFileSync(job.file, `leave ${token} ${process.pid}\n`);
      };
      await coordination.withLock(name, enter, options);
    }
  } else if (job.kind === 'hold') {
    const ended = told('end');
    writeOn(await coordination.acquire(name, options));
    await ended;
  } else if (job.kind === 'add') {
    for (let time = 0; time < job.times; time++) await coordination.counter(name).add();
  } else if (job.kind === 'barrier') await coordination.barrier(name, job.parties).wait(options);
  else {
    const ended = told('end');
    const lead = async (lock: Lock): Promise<void> => {
      writeOn(lock);
      await told('resign');
    };
    coordination.candidate(name, lead, { leaseMs });
    await ended;
  }
}

process.on('message', (message: Told) => {
  if ('job' in message) void run(message.job);
});
say({ idle: true });

async function run(job: Job): Promise<void> {
  const coordination = await createCoordination(job.url);
  await coordination.ping();
  say({ ready: true });
  await work(coordination, job);
  say({ done: Date.now() });
  await coordination.close();
  say({ idle: true });
}
