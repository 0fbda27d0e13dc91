import { Agent, request } from 'node:http';
import { SteadyLoad } from '../load.ts';
import { clientPortsOf } from './held-connections.ts';
import type { Stage } from './stage.ts';

/** So long that several requests are under way whenever a worker is killed. */
const WORK_MS = 25;
const ANSWER_MS = 10_000;

export interface WorkerKilled {
  sent: number;
  answered: number;
  /** On connections that the killed worker held: nobody can answer there any more. */
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
  const failures: { port: number; reason: string }[] = [];
  const load = new SteadyLoad(perSecond, async () => {
    const { port, reason } = await get(stage.thing, agent);
    if (reason !== undefined) failures.push({ port, reason });
    return reason;
  });
  const [victim] = stage.workerPids;
  if (victim === undefined) throw new Error('no worker has said its process id');
  let held = new Set<number>();
  try {
    await load.more(requests / 3);
    // It stands still while its connections are looked at, so that none is missed.
    process.kill(victim, 'SIGSTOP');
    held = clientPortsOf(victim);
    process.kill(victim, 'SIGKILL');
    await load.more((requests * 2) / 3);
  } finally {
    await load.stop();
    agent.destroy();
  }
  const { sent } = await load.stop();
  const others = failures.filter(({ port }) => !held.has(port));
  return {
    sent,
    answered: sent - failures.length,
    lostWithWorker: failures.length - others.length,
    failed: others.length,
    reasons: [...new Set(failures.map(({ reason }) => reason))],
  };
}

/** The client's port, and why there was no good answer. */
function get(url: string, agent: Agent): Promise<{ port: number; reason?: string }> {
  return new Promise((resolve) => {
    let port = 0;
    const sent = request(url, { agent, signal: AbortSignal.timeout(ANSWER_MS) }, (response) => {
      response.resume().on('end', () => {
        const { statusCode } = response;
        resolve(statusCode === 200 ? { port } : { port, reason: `status ${statusCode}` });
      });
      response.on('error', ({ message }) => resolve({ port, reason: message }));
    });
    sent.on('socket', (socket) => {
      const note = () => {
        port = socket.localPort ?? 0;
      };
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    sent.on('error', ({ message }) => resolve({ port, reason: message }));
    sent.end();
  });
}
