import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGuarded } from './guarded-server.ts';
import { freePorts } from './ports.ts';
import { findProgram } from './programs.ts';
import type { OwnServer, ServerTls } from './server.ts';

/**
 * One etcd node that the suite may kill; undefined where the program is missing (Debian's etcd-server).
 * @param tls when given, it has a port of its own for that
 */
export async function startOwnEtcd(tls?: ServerTls): Promise<OwnServer | undefined> {
  const program = findProgram('etcd');
  if (!program) return undefined;
  const home = mkdtempSync(join(tmpdir(), 'rookery-etcd-'));
  const [client, peer, secure] = (await freePorts(3)) as [number, number, number];
  const [clients, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const args = [
    ...['--data-dir', join(home, 'data'), '--name', 'suite', '--log-level', 'error'],
    ...['--listen-client-urls', tls ? `${clients},https://127.0.0.1:${secure}` : clients],
    ...['--advertise-client-urls', clients],
    ...(tls ? ['--cert-file', tls.certFile, '--key-file', tls.keyFile] : []),
    ...(tls ? ['--client-cert-auth', '--trusted-ca-file', tls.caFile] : []),
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers, '--initial-cluster', `suite=${peers}`],
  ];
  const url = `etcd://127.0.0.1:${client}`;
  const ready = () => isHealthy(client);
  const server = await startGuarded({ name: 'etcd', url, command: program, args, log: join(home, 'log'), home, ready });
  return tls ? { ...server, tlsPort: secure } : server;
}

async function isHealthy(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1_000) });
  const { health } = (await response.json()) as { health?: string };
  if (health !== 'true') throw new Error('not healthy yet');
}
