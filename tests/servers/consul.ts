import { mkdtempSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, Server, ServerTls } from './server.ts';

/** Consul: of CONSUL_URL, else the installed program started here, else undefined. */
export async function startConsul(): Promise<Server | OwnServer | undefined> {
  const url = process.env.CONSUL_URL;
  return url ? { url, stop: async () => {} } : startOwnConsul();
}

/**
 * A Consul in memory that the suite may kill; undefined where the program is missing (tests/servers/install-consul).
 * @param token when given, who has none or another is refused; a UUID
 * @param tls when given, it has a port of its own for that
 */
export async function startOwnConsul(token?: string, tls?: ServerTls): Promise<OwnServer | undefined> {
  const program = findProgram('consul', join(homedir(), '.cache/rookery/servers/consul'));
  if (!program) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-consul-'));
  const [http, rpc, lan, https] = (await freePorts(4)) as [number, number, number, number];
  const ports = { http, 'serf-lan': lan, 'serf-wan': -1, dns: -1, grpc: -1, 'grpc-tls': -1, ...(tls ? { https } : {}) };
  const args = [
    ...['agent', '-dev', '-bind', '127.0.0.1', '-client', '127.0.0.1', '-node', 'rookery-suite', '-log-level', 'warn'],
    ...['-disable-host-node-id', '-hcl', 'disable_update_check = true', '-server-port', String(rpc)],
    ...(token === undefined ? [] : ['-hcl', acl(token)]),
    ...(tls ? ['-hcl', httpsOf(tls)] : []),
    ...Object.entries(ports).flatMap(([name, port]) => [`-${name}-port`, String(port)]),
  ];
  const url = `consul://127.0.0.1:${http}`;
  const log = join(home, 'log');
  const ready = () => hasLeader(http, token);
  const server = await startGuarded({ name: 'consul', url, command: program, args, log, home, ready });
  return tls ? { ...server, tlsPort: https } : server;
}

const httpsOf = ({ caFile, certFile, keyFile }: ServerTls): string =>
  `tls { https { verify_incoming = true, ca_file = "${caFile}", cert_file = "${certFile}", key_file = "${keyFile}" } }`;

const acl = (token: string): string =>
  `acl { enabled = true, default_policy = "deny", tokens { initial_management = "${token}", agent = "${token}" } }`;

/** A leader is elected and the agent's own node is in the catalogue: only then registrations are synchronised. */
async function hasLeader(port: number, token = ''): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/health/service/consul?passing`, {
    headers: { 'x-consul-token': token },
    signal: AbortSignal.timeout(1_000),
  });
  if (!response.ok || ((await response.json()) as unknown[]).length === 0) throw new Error('no leader yet');
}
