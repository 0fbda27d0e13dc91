import { connect } from 'node:net';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

/** A cache: what is used least goes first, and nothing is written to disk. */
const flags = (world: World) =>
  `--port ${world.port('redis')} --bind ${world.listen} --save "" --appendonly no --maxmemory 256mb --maxmemory-policy allkeys-lru`;

/** The password comes by the standard input, so that no list of processes shows it. `dollar` is what the world reads as one. */
const serve = (world: World, program: string, dollar: string) =>
  `exec ${program} - ${flags(world)} <<EOF\nrequirepass ${dollar}REDISCLI_AUTH\nEOF\n`;

const environment = (world: World) => ({ REDISCLI_AUTH: world.secret('REDIS_PASSWORD') });

/** Redis 7: what instances share and may lose. */
export const redis: Engine = {
  name: 'redis',
  purpose: 'Cache of the pages',
  ports: { main: 6379 },
  portVariable: 'REDIS_PORT',
  provides: {
    variable: 'CACHE_URL',
    url: (world) => `redis://default:${world.secret('REDIS_PASSWORD')}@${world.at('redis')}`,
  },
  container: {
    image: 'redis:7.4',
    memory: '512m',
    user: 'redis',
    readOnly: true,
    command: (world) => ['sh', '-c', serve(world, 'redis-server', '$$')],
    environment,
    health: ['CMD-SHELL', 'redis-cli ping | grep -q PONG'],
  },
  native: {
    program: () => findProgram('redis-server'),
    install: 'install redis-server (tests/servers/install does)',
    command: (world, program) => ({
      program: '/bin/sh',
      args: ['-c', serve(world, program, '$')],
      environment: environment(world),
    }),
    ready: (world) => answers(world),
  },
};

/** Redis asks for the password: it serves. */
function answers(world: World): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port: world.port('redis'), host: '127.0.0.1' }, () => socket.write('PING\r\n'));
  socket.setTimeout(1_000, () => socket.destroy(new Error('no answer')));
  socket.once('data', () => resolve());
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('closed')));
  return promise.finally(() => socket.destroy());
}
