import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { forkSource, type OwnServer } from '@rookery/servers';
import type { Admitted, FlowProcess } from './flow-process.ts';

const SLOT_MS = 100;
export const LIMIT = 1_000;
/** Twice the limit, and not the same for each: the busiest asks for more than its share, the idlest for less. */
export const ASKED = [900, 600, 300, 200] as const;
export const SHARE = LIMIT / ASKED.length;
const START_MS = 60_000;
const TOGETHER_MS = 30_000;
const SLOTS_A_SECOND = 1_000 / SLOT_MS;

/** Admitted calls a second of each process, in one stretch of time. */
export interface Stretch {
  readonly name: string;
  readonly each: readonly number[];
  readonly all: number;
}

export interface Lengths {
  /** Of each stretch that is counted. */
  stretchMs: number;
  /** After a change, before the next is counted: the burst, the deadline of a question, and connecting again. */
  settleMs: number;
}

/** Processes that share one limit on a Redis that goes and comes. */
export async function playCluster(redis: OwnServer, { stretchMs, settleMs }: Lengths): Promise<readonly Stretch[]> {
  const processes = ASKED.map((perSecond) => start({ perSecond, redisUrl: redis.url }));
  const stretch = async (name: string): Promise<() => Promise<Stretch>> => {
    await pause(settleMs);
    const from = Math.ceil(Date.now() / SLOT_MS);
    await pause(stretchMs);
    const to = from + Math.floor(stretchMs / SLOT_MS);
    return async () => {
      const each = (await Promise.all(processes.map(counts))).map((admitted) => perSecond(admitted, from, to));
      return { name, each, all: each.reduce((sum, one) => sum + one, 0) };
    };
  };
  try {
    await Promise.all(processes.map((child) => once(child, 'message', { signal: AbortSignal.timeout(START_MS) })));
    const stretches = [await stretch('Redis there')];
    await redis.kill();
    stretches.push(await stretch('Redis killed'));
    await redis.start();
    await together(processes[0]);
    stretches.push(await stretch('Redis back'));
    const told: Stretch[] = [];
    for (const tell of stretches) told.push(await tell());
    return told;
  } finally {
    for (const child of processes) child.kill('SIGKILL');
  }
}

function start(own: Pick<FlowProcess, 'perSecond' | 'redisUrl'>): ChildProcess {
  const given: FlowProcess = { ...own, limit: LIMIT, batch: 10, instances: ASKED.length };
  return forkSource(new URL('./flow-process.ts', import.meta.url), {}, [JSON.stringify(given)]);
}

/** Resolves once the busiest process gets more than its share, which it can get of the others alone. */
async function together(busiest: ChildProcess | undefined): Promise<void> {
  if (!busiest) return;
  for (const endMs = Date.now() + TOGETHER_MS; Date.now() < endMs; await pause(SLOT_MS)) {
    const now = Math.floor(Date.now() / SLOT_MS);
    if (perSecond(await counts(busiest), now - SLOTS_A_SECOND, now) > SHARE * 1.1) return;
  }
  throw new Error('the processes do not share their limit again');
}

async function counts(child: ChildProcess): Promise<Admitted> {
  const told = once(child, 'message');
  child.send('counts');
  const [admitted] = (await told) as [Admitted];
  return admitted;
}

function perSecond(admitted: Admitted, from: number, to: number): number {
  let sum = 0;
  for (let slot = from; slot < to; slot++) sum += admitted[slot] ?? 0;
  return sum / (((to - from) * SLOT_MS) / 1_000);
}
