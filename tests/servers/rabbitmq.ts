import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GuardedProcess } from './guarded-process.ts';
import { startGuarded } from './guarded-server.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, Server } from './server.ts';

/** RabbitMQ: of ROOKERY_TEST_RABBITMQ_URL, else the installed program started here, else undefined. */
export async function startRabbitmq(): Promise<Server | undefined> {
  const url = process.env.ROOKERY_TEST_RABBITMQ_URL;
  return url ? { url, stop: async () => {} } : startOwnRabbitmq();
}

/** A RabbitMQ that the suite may kill; undefined where the program is missing. Takes about 8 s to start. */
export async function startOwnRabbitmq(): Promise<OwnServer | undefined> {
  const program = findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server');
  const epmdProgram = findProgram('epmd', '/usr/lib/erlang/bin/epmd');
  if (!program || !epmdProgram) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-rabbitmq-'));
  const [port, distPort, epmdPort] = (await freePorts(3)) as [number, number, number];
  writeFileSync(join(home, '.erlang.cookie'), randomUUID(), { mode: 0o400 });
  writeFileSync(join(home, 'enabled_plugins'), '[].\n');
  writeFileSync(
    join(home, 'rabbitmq.conf'),
    'vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n',
  );
  const env = {
    PATH: process.env.PATH ?? '',
    LANG: 'C.UTF-8',
    HOME: home,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(epmdPort),
    RABBITMQ_NODENAME: `rookery-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distPort),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'logs'),
    RABBITMQ_PID_FILE: join(home, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none',
  };
  const epmd = new GuardedProcess({
    command: epmdProgram,
    args: ['-port', String(epmdPort), '-address', '127.0.0.1'],
    env,
    log: join(home, 'epmd.log'),
    home,
  });
  const log = join(home, 'log');
  const url = `amqp://guest:guest@127.0.0.1:${port}`;
  const ready = () => speaksAmqp(port);
  try {
    const options = { name: 'rabbitmq', url, command: program, args: [], env, log, home, ready, readyMs: 60_000 };
    const server = await startGuarded(options);
    return {
      ...server,
      async stop() {
        await server.stop();
        await epmd.kill();
      },
    };
  } catch (error) {
    await epmd.kill();
    throw error;
  }
}

/** The port answers a protocol header with connection.start. */
function speaksAmqp(port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('AMQP\0\0\x09\x01'));
  socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
  socket.once('data', () => resolve());
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('closed')));
  return promise.finally(() => socket.destroy());
}
