import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

const USER = 'rookery';

/** RabbitMQ 3.10 or newer: events and requests between services. */
export const rabbitmq: Engine = {
  name: 'rabbitmq',
  purpose: 'Messages between services',
  ports: { main: 5672, erlang: 25672, epmd: 4369 },
  portVariable: 'RABBITMQ_PORT',
  provides: {
    variable: 'MESSAGING_URL',
    url: (world) => `amqp://${USER}:${world.secret('RABBITMQ_PASSWORD')}@${world.at('rabbitmq')}`,
  },
  container: {
    image: 'rabbitmq:3.13',
    memory: '1g',
    // Its data belongs to the name of its node.
    hostname: 'rabbitmq',
    environment: (world) => ({
      RABBITMQ_DEFAULT_USER: USER,
      RABBITMQ_DEFAULT_PASS: world.secret('RABBITMQ_PASSWORD'),
    }),
    health: ['CMD', 'rabbitmq-diagnostics', '--quiet', 'check_port_connectivity'],
    volume: '/var/lib/rabbitmq',
  },
  native: {
    program: () => findProgram('/usr/lib/rabbitmq/bin/rabbitmq-server', 'rabbitmq-server'),
    install: 'install rabbitmq-server (tests/servers/install does)',
    command: (world, program) => ({ program, args: [], environment: nativeEnvironment(world) }),
    ready: (world) => speaksAmqp(world.port('rabbitmq')),
  },
};

/** The same user as in the container; everything in its own folder, on loopback alone, with a port mapper of its own. */
function nativeEnvironment(world: World): Record<string, string> {
  const home = world.data('rabbitmq');
  const file = (name: string, content: string, mode: number) => {
    writeFileSync(join(home, name), content, { mode });
    chmodSync(join(home, name), mode);
  };
  const config = `default_user = ${USER}\ndefault_pass = ${world.secret('RABBITMQ_PASSWORD')}\n`;
  file('rabbitmq.conf', `${config}vm_memory_high_watermark.absolute = 1GB\ndisk_free_limit.absolute = 50MB\n`, 0o600);
  file('enabled_plugins', '[].\n', 0o600);
  return {
    LANG: 'C.UTF-8',
    HOME: home,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(world.port('rabbitmq', 'epmd')),
    RABBITMQ_NODENAME: 'rookery@localhost',
    RABBITMQ_NODE_IP_ADDRESS: world.listen,
    RABBITMQ_NODE_PORT: String(world.port('rabbitmq')),
    RABBITMQ_DIST_PORT: String(world.port('rabbitmq', 'erlang')),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(home, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(home, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(home, 'data'),
    RABBITMQ_LOG_BASE: join(home, 'logs'),
    RABBITMQ_PID_FILE: join(home, 'pid'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none',
  };
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
