import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Engine, World } from '../model.ts';
import { findProgram } from '../native/programs.ts';

/** One server: it gossips with nobody, so that only its HTTP API is open, and a new address does not disturb its data. */
const agent = (world: World) => [
  ...['agent', '-server', '-bootstrap-expect=1', '-ui', '-node=rookery', '-bind=127.0.0.1', `-client=${world.listen}`],
  ...[`-data-dir=${world.data('consul')}`, `-http-port=${world.port('consul')}`, '-dns-port=-1', '-grpc-port=-1'],
  ...['-grpc-tls-port=-1', '-serf-wan-port=-1', '-log-level=warn', '-hcl=disable_update_check = true'],
  // Asked to end it leaves in order, and says so with 0. What it knows stays.
  '-hcl=leave_on_terminate = true',
  ...[`-server-port=${world.port('consul', 'rpc')}`, `-serf-lan-port=${world.port('consul', 'gossip')}`],
];

/** Consul 1.19 as registry. */
export const consul: Engine = {
  name: 'consul',
  purpose: 'Registry: who runs where',
  ports: { main: 8500, rpc: 8300, gossip: 8301 },
  portVariable: 'CONSUL_PORT',
  provides: { variable: 'DISCOVERY_URL', url: (world) => `consul://${world.at('consul')}` },
  container: {
    image: 'hashicorp/consul:1.19.2',
    memory: '512m',
    command: agent,
    health: ['CMD', 'consul', 'operator', 'raft', 'list-peers'],
    volume: '/consul/data',
  },
  native: {
    program: () =>
      findProgram(
        'consul',
        join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rookery', 'servers', 'consul'),
      ),
    install: 'run tests/servers/install-consul',
    command: (world, program) => ({ program, args: agent(world) }),
    async ready(world) {
      const response = await fetch(`http://${world.at('consul')}/v1/health/service/consul?passing`, {
        signal: AbortSignal.timeout(1_000),
      });
      if (!response.ok || ((await response.json()) as unknown[]).length === 0) throw new Error('no leader yet');
    },
  },
};
