// The process around the embedded Postgres: started by the command like an app, speaks the same messages, ends with its parent.
import { messageOf } from '../failure.ts';
import type { ChildMessage } from '../platform/messages.ts';
import { Cluster } from './cluster.ts';

const { ROOKERY_HOME: home = '.rookery', POSTGRES_PORT, POSTGRES_DATABASES = '' } = process.env;
const port = Number(POSTGRES_PORT);
const LEVELS: Record<string, number> = { WARNING: 40, ERROR: 40, FATAL: 40, PANIC: 60 };

const cluster = new Cluster({
  home,
  port,
  databases: POSTGRES_DATABASES.split(',').filter(Boolean),
  onLine: (line) => log(LEVELS[/^[A-Z]+/.exec(line)?.[0] ?? ''] ?? 20, line),
  onStep: (reason) => send({ type: 'waiting', for: 'its server', reason }),
});

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop);
process.on('disconnect', stop);
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await cluster.start((how) => end(1, `Postgres was ended from outside (${how})`));
  if (!stopping) send({ type: 'ready', urls: { postgres: `127.0.0.1:${port}` } });
} catch (error) {
  if (!stopping) {
    await cluster.stop();
    end(1, messageOf(error));
  }
}

async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  send({ type: 'stopping' });
  await cluster.stop();
  end(0);
}

function end(code: number, sentence?: string): void {
  if (sentence) log(60, sentence);
  process.exitCode = code;
  if (process.connected) process.disconnect();
  process.exit();
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function log(level: number, event: string): void {
  if (level < 30 && process.env.LOG_LEVEL !== 'debug') return;
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), service: 'postgres', event })}\n`);
}
