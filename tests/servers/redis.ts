import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, Server } from './server.ts';

/** Redis: of ROOKERY_TEST_REDIS_URL, else the installed program started here, else undefined. */
export async function startRedis(): Promise<Server | OwnServer | undefined> {
  const url = process.env.ROOKERY_TEST_REDIS_URL;
  return url ? { url, stop: async () => {} } : startOwnRedis();
}

/** A Redis in memory that the suite may kill; undefined where the program is missing. */
export async function startOwnRedis(): Promise<OwnServer | undefined> {
  const program = findProgram('redis-server');
  if (!program) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-redis-'));
  const [port] = (await freePorts(1)) as [number];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', home];
  const url = `redis://127.0.0.1:${port}`;
  const log = join(home, 'log');
  return startGuarded({ name: 'redis', url, command: program, args, log, home, ready: () => answersPing(port) });
}

function answersPing(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'));
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.once('data', (data) => (data.toString() === '+PONG\r\n' ? resolve() : reject(new Error(data.toString()))));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('closed')));
  return promise.finally(() => socket.destroy());
}
