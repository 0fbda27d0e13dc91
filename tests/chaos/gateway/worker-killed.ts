import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { SteadyLoad } from '../load.ts';
import { clientPortsOf } from './held-connections.ts';
import type { Stage } from './stage.ts';

/** So long that several requests are under way whenever a worker is killed. */
const WORK_MS = 25;
const ANSWER_MS = 10_000;

export interface WorkerKilled {
  sent: number;
  answered: number;
  /** On connections that the killed worker held, or that were on their way to it: nobody can answer there any more. */
  lostWithWorker: number;
  /** Any other request that failed. */
  failed: number;
  reasons: readonly string[];
}

/** A steady load of GETs while one of the workers is killed; failures are told apart by who held their connection. */
export async function workerKilled(
  stage: Stage,
  { perSecond, requests }: { perSecond: number; requests: number },
): Promise<WorkerKilled> {
  await stage.behave(stage.instances, { delayMs: WORK_MS });
  const agent = new Agent({ keepAlive: true });
  const failures: (Got & { reason: string })[] = [];
  const load = new SteadyLoad(perSecond, async () => {
    const got = await get(stage.thing, agent);
    const { reason } = got;
    if (reason !== undefined) failures.push({ ...got, reason });
    return reason;
  });
  const [victim, ...others] = stage.workerPids;
  if (victim === undefined) throw new Error('no worker has said its process id');
  let killedAtMs = Number.POSITIVE_INFINITY;
  let heldByOthers = new Set<number>();
  try {
    await load.more(requests / 3);
    process.kill(victim, 'SIGKILL');
    killedAtMs = performance.now();
    heldByOthers = new Set(others.flatMap((pid) => [...clientPortsOf(pid)]));
    await load.more((requests * 2) / 3);
  } finally {
    await load.stop();
    agent.destroy();
  }
  const { sent } = await load.stop();
  const elsewhere = failures.filter(({ port, connectedAtMs }) => connectedAtMs > killedAtMs || heldByOthers.has(port));
  return {
    sent,
    answered: sent - failures.length,
    lostWithWorker: failures.length - elsewhere.length,
    failed: elsewhere.length,
    reasons: [...new Set(failures.map(({ reason }) => reason))],
  };
}

interface Got {
  /** Of the client's end of the connection. */
  port: number;
  connectedAtMs: number;
  /** Why there was no good answer. */
  reason?: string;
}

const CONNECTED_AT = new WeakMap<Socket, number>();

function get(url: string, agent: Agent): Promise<Got> {
  return new Promise((resolve) => {
    let [port, connectedAtMs] = [0, performance.now()];
    const done = (reason?: string) => resolve({ port, connectedAtMs, ...(reason !== undefined && { reason }) });
    const sent = request(url, { agent, signal: AbortSignal.timeout(ANSWER_MS) }, (response) => {
      response
        .resume()
        .on('end', () => done(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
      response.on('error', ({ message }) => done(message));
    });
    sent.on('socket', (socket) => {
      const note = () => {
        port = socket.localPort ?? 0;
        connectedAtMs = CONNECTED_AT.get(socket) ?? performance.now();
        CONNECTED_AT.set(socket, connectedAtMs);
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    sent.on('error', ({ message }) => done(message));
    sent.end();
  });
}
